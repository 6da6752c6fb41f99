import pytest

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.errors import InvalidToken
from doorward.testing.builders import a_principal
from support.house import House


async def test_a_second_sign_out_at_the_same_time_gets_the_answer_of_the_guard() -> None:
    """RF-10."""
    house = House()
    await house.with_user("ada")
    hers, other = await house.signed_in(), await house.signed_in()
    asking = a_principal(hers.user, hers.session)
    await house.end(hers.user.id, hers.session.id, by=asking)
    with pytest.raises(InvalidToken):
        await house.end(hers.user.id, hers.session.id, by=asking)
    assert await house.session(hers.session.id) is None
    assert await house.session(other.session.id) is not None
    assert len(house.log.of(SecurityEvent.SESSION_ENDED)) == 1
