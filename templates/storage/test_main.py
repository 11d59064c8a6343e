{% extends "shared/test_event.py" %}
{% block tests %}
def test_change_is_handled(client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged) -> None:
    assert client.post("/", headers=headers, data=EVENT).status_code == 200
    [change] = handled
    assert (change.bucket, change.name, change.generation) == ("my-bucket", "photos/cat.jpg", 1763805600123456)
    assert (change.kind, change.size, change.content_type) == ("finalized", 352941, "image/jpeg")
    assert (change.source, change.event_id) == (headers["ce-source"], headers["ce-id"])
    assert logged() == []


@pytest.mark.parametrize("kind", ["finalized", "deleted", "archived", "metadataUpdated"])
def test_kind_of_a_change(client: FlaskClient, headers: dict[str, str], handled: list[Any], kind: str) -> None:
    headers["ce-type"] = f"google.cloud.storage.object.v1.{kind}"
    client.post("/", headers=headers, data=EVENT)
    assert [change.kind for change in handled] == [kind]


@pytest.mark.parametrize("name", ["empty", "Bilder 2026/größe & 日本 + 100%.jpg"])
def test_size_and_type_may_be_missing(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], name: str
) -> None:
    client.post("/", headers=headers, json={"bucket": "my-bucket", "name": name, "generation": "1"})
    assert [(change.name, change.size, change.content_type) for change in handled] == [
        (name, 0, "application/octet-stream")
    ]


@pytest.mark.parametrize("number", [0, 2**63 - 1])
def test_numbers_may_be_strings_or_numbers(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], number: int
) -> None:
    for value in (number, str(number)):
        client.post("/", headers=headers, json={"bucket": "b", "name": "n", "generation": value, "size": value})
    assert [(change.generation, change.size) for change in handled] == [(number, number)] * 2
{% endblock %}
{% block message %}
    assert entry["message"] == "gs://my-bucket/photos/cat.jpg was finalized (352941 bytes)"
{% endblock %}
{% block malformed %}
        (MALFORMED, "size is not a whole number"),
        (b"", "not a JSON object but NoneType"),
        (b"{", "not a JSON object but bytes"),
        (b"\xff", "not a JSON object but bytes"),
        (b"[]", "not a JSON object but list"),
        (b"{}", "bucket is missing"),
        (b'{"bucket": "b"}', "name is missing"),
        (b'{"bucket": "", "name": "n"}', "bucket is missing"),
        (b'{"bucket": "b", "name": 1}', "name is not a string"),
        (b'{"bucket": "b", "name": "n"}', "generation is missing"),
        (b'{"bucket": "b", "name": "n", "generation": 1.0}', "generation is not a whole number"),
        (b'{"bucket": "b", "name": "n", "generation": "1", "size": false}', "size is not a whole number"),
        (b'{"bucket": "b", "name": "n", "generation": "%s"}' % (b"9" * 5000), "generation is not a whole number"),
{% endblock %}
