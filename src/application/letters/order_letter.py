from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.letters.letter import Letter


@retried
async def order_letter(storage: Storage, letter: Letter) -> None:
    """Put the letter into the outbox, in a transaction of its own. A letter whose slot is taken changes nothing."""
    async with storage.transaction() as tx:
        await tx.letters.add(letter)
