from doorward.interfaces.http.operations.metrics import REMEMBERED, TRAFFIC, Figures


def shows(text: bytes, route: str) -> bool:
    return route.encode() in text


def test_figures_are_written_out_once_a_second() -> None:
    figures = Figures()
    first = figures.text(50.0)
    TRAFFIC.count("GET", "/figured-once-a-second", 200, 0.001)
    assert figures.text(50.0) is first
    assert shows(figures.text(50.0 + REMEMBERED), "/figured-once-a-second")
