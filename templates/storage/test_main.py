{% extends "shared/test_event.py" %}
{% block tests %}
def test_object_is_handled(client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged) -> None:
    assert client.post("/", headers=headers, data=EVENT).status_code == 200
    [stored] = handled
    assert (stored.bucket, stored.name, stored.generation) == ("my-bucket", "photos/cat.jpg", "1763805600123456")
    assert (stored.size, stored.content_type) == (352941, "image/jpeg")
    assert (stored.source, stored.event_id) == (headers["ce-source"], headers["ce-id"])
    assert logged() == []


@pytest.mark.parametrize("name", ["empty", "Bilder 2026/größe & 日本 + 100%.jpg"])
def test_size_and_type_may_be_missing(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], name: str
) -> None:
    client.post("/", headers=headers, json={"bucket": "my-bucket", "name": name, "generation": "1"})
    assert [(stored.name, stored.size, stored.content_type) for stored in handled] == [
        (name, 0, "application/octet-stream")
    ]
{% endblock %}
{% block message %}
    assert entry["message"] == "gs://my-bucket/photos/cat.jpg: 352941 bytes of image/jpeg"
{% endblock %}
{% block malformed %}
        (MALFORMED, "size is not a number"),
        (b"", "not a JSON object but NoneType"),
        (b"{", "not a JSON object but bytes"),
        (b"\xff", "not a JSON object but bytes"),
        (b"[]", "not a JSON object but list"),
        (b"{}", "bucket is missing"),
        (b'{"bucket": "b"}', "name is missing"),
        (b'{"bucket": "", "name": "n"}', "bucket is missing"),
        (b'{"bucket": "b", "name": 1}', "name is not a string"),
        (b'{"bucket": "b", "name": "n", "generation": "1", "size": 1}', "size is not a string"),
{% endblock %}
