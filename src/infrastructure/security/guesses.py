"""How soon would a guesser come to this password?

Guessers try common words, runs, walks over the keyboard and years, alone, repeated and joined, before anything else.
`bits` splits a text into such pieces in the cheapest way and adds up what they cost: 20 bits are a million tries.
After Wheeler, "zxcvbn: Low-Budget Password Strength Estimation" (USENIX Security 2016), in its plainest form.
"""

from collections.abc import Iterator, Mapping
from math import inf, log2

LONGEST = 64
"""Code points; longer texts are nobody's first guess unless they repeat."""

LONGEST_WORD, SHORTEST_WORD = 24, 4
SHORTEST_RUN, SHORTEST_WALK = 3, 4
DIGIT, LETTER, SYMBOL, EXCLAMATION, FOREIGN = 3.3, 4.7, 3.5, 2.0, 6.0
YEAR, AGAIN, DISGUISE = 7.0, 4.0, 1.0
RUN, WALK = 3.0, 5.0

LEET = tuple(str.maketrans("013457@$!|", f"o{one}eastas{one}{one}") for one in "il")
LINES = (
    "qwertyuiop asdfghjkl zxcvbnm qwertyuiop[]\\ asdfghjkl;' zxcvbnm,./ `1234567890-= ~!@#$%^&*()_+ qwertzuiop "
    "yxcvbnm azertyuiop qsdfghjklm wxcvbn 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/ qazwsxedcrfvtgbyhnujmikolp "
    "zaq1xsw2cde3vfr4bgt5nhy6mju7,ki8.lo9/;p0 zaq12wsxcde34rfvbgt56yhnmju78ik, 1q2w3e4r5t6y7u8i9o0p "
    "q1w2e3r4t5y6u7i8o9p0 a1s2d3f4g5h6j7k8l9 1a2s3d4f5g6h7j8k9l a1b2c3d4e5f6g7h8i9j0k1 1a2b3c4d5e6f7g8h9i0j "
    "!qaz@wsx#edc$rfv%tgb^yhn&ujm 1!2@3#4$5%6^7&8*9(0) qweasdzxc qazxswedcvfrtgbnhyujm wertyuiop "
    "12345678910111213141516171819202122 102030405060708090 010203040506070809101112 112233445566778899 "
    "111222333444555666777888999 122333444455555 1123581321345589144 3141592653589793 147258369 159357 741852963 "
    "йцукенгшщзхъ фывапролджэ ячсмитьбю"
)
WALKS = "\n".join([*LINES.split(), *LINES[::-1].split()])


def bits(text: str, words: Mapping[str, float], enough: float) -> float:
    """The logarithm of the guesses, or `inf` when it is over `enough`. `words` maps a word to its bits; `text` is
    folded."""
    text = shortened(text)
    if len(text) > LONGEST:
        return inf
    forms = [(text, 0.0), *((form, DISGUISE) for form in {text.translate(leet) for leet in LEET} - {text})]
    costs = [0.0] + [inf] * len(text)
    for start in range(len(text)):
        if costs[start] > enough:
            continue
        for end, cost in pieces(text, forms, start, words):
            costs[end] = min(costs[end], costs[start] + cost)
    return costs[-1] if costs[-1] <= enough else inf


def shortened(text: str) -> str:
    """A long text that only repeats a unit costs what the unit twice does."""
    if len(text) > LONGEST:
        for period in range(1, LONGEST // 2 + 1):
            if text[period:] == text[:-period]:
                return text[: 2 * period]
    return text


def pieces(
    text: str, forms: list[tuple[str, float]], start: int, words: Mapping[str, float]
) -> Iterator[tuple[int, float]]:
    """Where a piece that begins at `start` may end, and what it costs."""
    yield start + 1, character(text[start])
    for end in range(start + SHORTEST_WORD, min(start + LONGEST_WORD, len(text)) + 1):
        for form, disguise in forms:
            word = form[start:end]
            if word in words:
                yield end, words[word] + disguise
            if word[::-1] in words:
                yield end, words[word[::-1]] + disguise + DISGUISE
    if text[start : start + 2] in {"19", "20"} and text[start + 2 : start + 4].isdecimal():
        yield min(start + 4, len(text)), YEAR
    end = run(text, start)
    if end - start >= SHORTEST_RUN:
        yield end, RUN + log2(end - start)
    end = walk(text, start)
    if end - start >= SHORTEST_WALK:
        yield end, WALK + log2(end - start)
    end = repetition(text, start)
    if end - start >= SHORTEST_RUN:
        yield end, AGAIN


def character(character: str) -> float:
    if not character.isascii():
        return FOREIGN
    if character.isalpha():
        return LETTER
    if character.isdecimal():
        return DIGIT
    return EXCLAMATION if character == "!" else SYMBOL


def run(text: str, start: int) -> int:
    """Where the characters stop going up, going down, or staying the same: `abcd`, `4321`, `aaaa`."""
    end = start + 1
    while end < len(text) and end - start < LONGEST:
        step = ord(text[end]) - ord(text[end - 1])
        first = ord(text[start + 1]) - ord(text[start])
        if step != first or abs(step) > 1:
            break
        end += 1
    return end


def walk(text: str, start: int) -> int:
    """Where the fingers leave the paths that they know: `qwert`, `1q2w3e`."""
    end = start + 1
    while end <= len(text) and text[start:end] in WALKS:
        end += 1
    return end - 1


def repetition(text: str, start: int) -> int:
    """How far this was said before; it may run into itself: `abab` after `ab`."""
    end = start + 1
    while end <= len(text) and text.find(text[start:end], 0, end - 1) >= 0:
        end += 1
    return end - 1
