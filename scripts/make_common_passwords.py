# /// script
# requires-python = ">=3.11"
# dependencies = ["zxcvbn==4.5.0"]
# ///
"""Make the two lists that `infrastructure/security/blocklist.py` reads.

    uv run --no-project scripts/make_common_passwords.py

`common_words.txt`: what passwords are made of, the commonest first. The order comes from the frequency lists of
zxcvbn (MIT), which were counted in published breaches; the phrases below are added at the rank of PHRASES_AT.
`common_passwords.txt`: whole passwords of 15 characters and more that are tried first, made by the habits that such
passwords show in breaches: a word twice, a word and a run of digits, a walk over the keyboard, a well-known phrase.

The lists are folded (no capitals), and ASCII, one entry a line.
"""

from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

TARGET = Path(__file__).parents[1] / "src" / "infrastructure" / "security"
WORDS, PHRASES_AT, NAMES_AT, NAMES = 10_000, 500, 1_500, 300
SHORTEST_WORD, SHORTEST, LONGEST = 4, 15, 43
MOST = 6_000

PHRASES = """
unitedstates unitedstatesofamerica unitedkingdom greatbritain newyorkcity losangeles southafrica newzealand
realmadrid manchesterunited manchestercity liverpoolfc barcelona championsleague worldcup harrypotter starwars
lordoftherings gameofthrones thewalkingdead breakingbad spongebobsquarepants hellokitty mickeymouse lastsummer
michaeljackson justinbieber ladygaga britneyspears onedirection linkinpark metallica systemofadown gunsnroses
ilove iloveu iloveme iloveyousomuch iloveyouforever iloveyoubaby iloveyouverymuch iloveyoumore iloveyoutoo
ilovemy ilovemyself ilovemyfamily ilovemyboyfriend ilovemygirlfriend ilovemyhusband ilovemywife ilovemymom
ilovemydad ilovemybaby ilovemydog ilovemycat ilovemyson ilovemydaughter ilovemykids ilovemybestfriend ilovemyjob
ilovemylife ilovejesus ilovegod ilovechocolate ilovemusic ilovefootball ilovesoccer ilovecats ilovedogs
ihateyou ihatemyjob ihatepasswords ihatethis ihateschool imissyou imissyousomuch iamthebest iamawesome iamlegend
loveyou loveyouforever lovemelikeyoudo lovelife lovelove truelove foreverlove foreveryoung foreverandever
foreveralone bestfriends bestfriendsforever bff4ever happybirthday happynewyear merrychristmas happyhappy
jesuschrist jesuslovesme jesusislord jesussaves godisgood godislove godisgreat godblessyou godblessamerica
inthenameofgod ingodwetrust thankyoujesus praisethelord holyspirit allahuakbar bismillah alhamdulillah
maytheforcebewithyou iamyourfather tobeornottobe tobeornottobethatisthequestion thequickbrownfox
thequickbrownfoxjumpsoverthelazydog supercalifragilisticexpialidocious correcthorsebatterystaple
purplemonkeydishwasher hakunamatata winteriscoming youshallnotpass openupthedoor onceuponatime
letmein letmeinnow letmeinplease pleaseletmein opensesame whatsmypassword whatismypassword whatisthis
idontknow idontcare idontremember iforgotmypassword iforgot forgotpassword nopassword mypassword mypasswordis
mypasswordispassword thisismypassword thisisapassword thisismynewpassword newpassword oldpassword longpassword
averylongpassword thisisaverylongpassword thisisalongpassword averysecurepassword strongpassword securepassword
securitypassword secretpassword supersecret supersecretpassword superpassword temporarypassword temppassword
defaultpassword testpassword testtest testingtesting changeme changemenow changethis changepassword
pleasechangeme passwordpassword passphrase masterpassword rootpassword adminpassword adminadmin administrator
adminadministrator rootroot rootadmin superadmin systemadmin sysadmin webmaster welcome welcomehome welcomeback
welcometothejungle helloworld hellohello hellothere hellokitty heythere goodmorning goodnight goodluck goodbye
asdfasdf qwertyqwerty qwertyasdfgh abcabc abcdabcd abcdefg alphabet alphaomega onetwothree onetwothreefour
onetwothreefourfive donttellanyone dontforget donttouch fuckyou fuckyoubitch fuckthisshit fuckoff fuckthepolice
fucktheworld gofuckyourself kissmyass bullshit motherfucker biteme eatshit sonofabitch whatthefuck whatthehell
stairwaytoheaven hotelcalifornia dancingqueen imaginedragons bohemianrhapsody smellsliketeenspirit
enjoythesilence nothingelsematters wishyouwerehere comfortablynumb thedarksideofthemoon livingonaprayer
letitbe heyjude yellowsubmarine yesterday dontworrybehappy dontstopbelieving wearethechampions wewillrockyou
mynameis mynameisearl whatsmyname callofduty grandtheftauto worldofwarcraft counterstrike leagueoflegends
minecraft assassinscreed finalfantasy residentevil needforspeed pokemon superman batman spiderman ironman
internet computer facebook instagram whatsapp youtube google microsoft windows apple samsung galaxy android
samsunggalaxy blackberry playstation nintendo basketball footballclub soccerplayer baseball volleyball
cheerleader chocolate strawberry strawberries peanutbutter icecream cheesecake cupcake butterfly sunflower
rainbow unicorn princess babygirl babyboy beautiful beautifulgirl beautifulday sweetheart sweetdreams
angeleyes blueeyes browneyes prettygirl goodgirl badgirl badboy boyfriend girlfriend husband mybaby mylove
mylife myfamily myfriends mychildren mother father mommy daddy mamapapa momanddad grandma sister brother
spring summer autumn winter january february march april june july august september october november december
monday tuesday wednesday thursday friday saturday sunday freedom liberty justice victory america american
america1 usausausa england london paris france germany deutschland berlin italia espana mexico brasil argentina
colombia canada australia russia ukraine india pakistan indonesia philippines nigeria
""".split()

LINES = [
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "1234567890qwertyuiopasdfghjklzxcvbnm",
    "zxcvbnmasdfghjklqwertyuiop",
    "asdfghjklqwertyuiopzxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "zaq1xsw2cde3vfr4bgt5nhy6mju7ki8lo9p0",
    "zaq12wsxcde34rfvbgt56yhnmju78ik",
    "1qazxsw23edcvfr45tgbnhy67ujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1s2d3f4g5h6j7k8l9",
    "1a2s3d4f5g6h7j8k9l",
    "a1b2c3d4e5f6g7h8i9j0",
    "1a2b3c4d5e6f7g8h9i0j",
    "qwerasdfzxcv1234",
    "1234qwerasdfzxcv",
    "qweasdzxcqweasdzxc",
    "qweasdzxc123456789",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertzuiopasdfghjklyxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "abcdefghijklmnop1234567890",
    "abc123def456ghi789",
    "1234567890123456789012345",
    "0123456789012345678901234",
    "9876543210987654321098765",
    "12345678910111213141516171819",
    "123456789101112131415",
    "102030405060708090100",
    "010203040506070809101112",
    "112233445566778899001122",
    "111222333444555666777888999",
    "122333444455555666666",
    "1123581321345589144",
    "3141592653589793238462643",
    "2718281828459045235360287",
    "147258369147258369147258369",
    "159357159357159357159357",
    "741852963741852963741852963",
    "123654789123654789",
    "123456654321123456654321",
    "123321123321123321123321",
    "!@#$%^&*()_+!@#$%^&*()_+",
    "1!2@3#4$5%6^7&8*9(0)",
    "!qaz@wsx#edc$rfv%tgb",
    "1qaz!qaz2wsx@wsx",
]
TAILS = ["123456789", "1234567890", "12345678", "1234567", "123456", "12345", "1234", "123", "1", "!", "12", "123!"]
TAILS += ["321", "987654321", "654321", "111", "1111", "111111", "000", "007", "123123", "321321", "abc", "qwerty"]
TAILS += [str(year) for year in (*range(2030, 2009, -1), *range(2009, 1969, -1))]


def words() -> list[str]:
    ranked = FREQUENCY_LISTS["passwords"][:WORDS]
    names = [
        name
        for pair in zip(FREQUENCY_LISTS["female_names"][:NAMES], FREQUENCY_LISTS["male_names"][:NAMES], strict=True)
        for name in pair
    ]
    merged = ranked[:PHRASES_AT] + PHRASES + ranked[PHRASES_AT:NAMES_AT] + names + ranked[NAMES_AT:]
    return [word for word in dict.fromkeys(map(str.lower, merged)) if word.isascii() and len(word) >= SHORTEST_WORD]


def whole(ranked: list[str]) -> Iterator[str]:
    """Most used habits first."""
    yield from FREQUENCY_LISTS["passwords"]
    yield from PHRASES
    for line in LINES:
        for length in range(SHORTEST, len(line) + 1):
            yield line[:length]
            yield line[:length][::-1]
    units = [*"0123456789abcdefghijklmnopqrstuvwxyz", "12", "123", "1234", "12345", "123456", "1234567", "12345678"]
    for unit in (*units, "123456789", "abc", "abcd", "qwe", "asd", "zxc", "qwer", "asdf", "zxcv", "qwerty", "asdfgh"):
        yield from repeated(unit, range(SHORTEST, 21))
    for word in ranked[:800]:
        yield from (word * times for times in (2, 3, 4))
    letters = [word for word in ranked if word.isalpha()]
    for tail in TAILS:
        yield from (word + tail for word in letters[: 800 // (1 + TAILS.index(tail) // 4)])
    for phrase in PHRASES:
        yield from (phrase + tail for tail in TAILS[:13])
        yield from (phrase + tail for tail in TAILS if tail.startswith("20"))


def repeated(unit: str, lengths: Iterable[int]) -> Iterator[str]:
    for length in lengths:
        yield "".join(islice(cycle(unit), length))


def write(name: str, entries: list[str]) -> None:
    (TARGET / name).write_text("\n".join(entries) + "\n", "ascii")
    print(f"{name}: {len(entries)} entries")  # noqa: T201 a script


def main() -> None:
    ranked = words()
    fitting = (entry for entry in whole(ranked) if SHORTEST <= len(entry) <= LONGEST and entry.isascii())
    write("common_words.txt", ranked)
    write("common_passwords.txt", list(dict.fromkeys(fitting))[:MOST])


if __name__ == "__main__":
    main()
