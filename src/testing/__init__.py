"""Parts for the tests of those who use Doorward: a clock that moves, doubles of the slow ports, and builders."""
