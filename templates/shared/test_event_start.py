LOGIC = "{{ fn.local + ".script" if fn.local else "main" }}"
Logged = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def handled(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the logic is given, in the place of what it does with it."""
    handled: list[Any] = []
    monkeypatch.setattr(f"{LOGIC}.handle", handled.append)
    return handled
