@pytest.mark.parametrize(("data", "changed", "reason"), MALFORMED)
def test_a_malformed_event_is_logged_and_acknowledged(
    client: FlaskClient,
    headers: dict[str, str],
    handled: list[Any],
    logged: Logged,
    data: bytes,
    changed: dict[str, str],
    reason: str,
) -> None:
    assert client.post("/", headers={**headers, **changed}, data=data).status_code == 200
    [entry] = logged()
    assert entry["severity"] == "ERROR" and reason in entry["message"]
    assert headers["ce-id"] in entry["message"] and (changed or headers)["ce-type"] in entry["message"]
    assert entry["logging.googleapis.com/labels"] == {"event_id": headers["ce-id"]}
    assert handled == []


def test_an_error_that_may_pass_is_raised(
    client: FlaskClient, headers: dict[str, str], logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(f"{LOGIC}.handle", fail)
    assert client.post("/", headers=headers, data=body("{{ fn.trigger.sample }}")).status_code == 500
    [entry] = logged()
    assert entry["severity"] == "ERROR" and "the database is away" in entry["message"]
    assert entry["logging.googleapis.com/labels"] == {"event_id": headers["ce-id"]}


@pytest.mark.parametrize(("limit", "times_handled"), [("60", 0), ("1e12", 1), ("", 1)])
def test_an_old_event_is_dropped_where_a_limit_is_set(
    request: pytest.FixtureRequest,
    headers: dict[str, str],
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    times_handled: int,
) -> None:
    monkeypatch.setenv("MAX_EVENT_AGE_SECONDS", limit)
    # Only now, since the function reads the variable when it starts.
    client, handled = request.getfixturevalue("client"), request.getfixturevalue("handled")
    assert client.post("/", headers=headers, data=body("{{ fn.trigger.sample }}")).status_code == 200
    assert [entry["severity"] for entry in logged()] == ["WARNING"] * (1 - times_handled)
    assert len(handled) == times_handled


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-22T10:00:00"])
def test_an_event_without_a_valid_time_is_handled(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], monkeypatch: pytest.MonkeyPatch, time: str
) -> None:
    monkeypatch.setattr("delivery.MAX_AGE_SECONDS", 60)
    client.post("/", headers={**headers, "ce-time": time}, data=body("{{ fn.trigger.sample }}"))
    assert len(handled) == 1


@pytest.mark.parametrize("attribute", ["id", "source"])
def test_an_identity_that_is_not_a_string_is_malformed(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged, attribute: str
) -> None:
    event = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
    data = base64.b64encode(body("{{ fn.trigger.sample }}")).decode()
    structured = {**event, attribute: 1, "data_base64": data}
    response = client.post("/", json=structured, headers={"Content-Type": "application/cloudevents+json"})
    assert response.status_code == 200
    assert [entry["severity"] for entry in logged()] == ["ERROR"]
    assert handled == []
