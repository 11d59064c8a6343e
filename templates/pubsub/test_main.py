{% extends "shared/test_event.py" %}
{% block tests %}
def test_message_is_handled(client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged) -> None:
    assert client.post("/", headers=headers, data=EVENT).status_code == 200
    [message] = handled
    assert (message.content(), message.attributes) == ("Grüße", {"language": "de"})
    assert (message.source, message.event_id) == (headers["ce-source"], headers["ce-id"])
    assert message.message_id == "9876543210"
    assert logged() == []


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (b'{"name": "Ada"}', {"name": "Ada"}),
        ("Grüße".encode(), "Grüße"),
        (b"[" * 100_000, "[" * 100_000),  # Nested too deep for JSON.
        (b"\xff\xfe\x00", b"\xff\xfe\x00"),
        (b"", ""),
    ],
)
def test_content_is_json_else_text_else_bytes(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], data: bytes, content: object
) -> None:
    client.post("/", headers=headers, json={"message": {"data": base64.b64encode(data).decode()}})
    assert [message.content() for message in handled] == [content]


@pytest.mark.parametrize("message", [{}, {"data": None, "attributes": None}, {"data": "", "attributes": {}}])
def test_data_and_attributes_may_be_missing(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], message: dict[str, Any]
) -> None:
    client.post("/", headers=headers, json={"message": message})
    assert [(message.data, message.attributes) for message in handled] == [(b"", {})]


@pytest.mark.parametrize("spelling", ["messageId", "message_id"])
def test_either_spelling_of_the_message_id_is_read(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], spelling: str
) -> None:
    client.post("/", headers=headers, json={"message": {spelling: "1"}})
    assert [message.message_id for message in handled] == ["1"]
{% endblock %}
{% block message %}
    assert entry["message"] == "Message 9876543210: 7 bytes of str"
{% endblock %}
{% block malformed %}
        (MALFORMED, "data is not base64"),
        ('{"message": {"data": "größe"}}'.encode(), "data is not base64"),
        (b"", "not a JSON object but NoneType"),
        (b"{", "not a JSON object but bytes"),
        (b"\xff", "not a JSON object but bytes"),
        (b"[]", "not a JSON object but list"),
        (b"{}", "message is not an object"),
        (b'{"message": "text"}', "message is not an object"),
        (b'{"message": {"data": 1}}', "data is not a string"),
        (b'{"message": {"data": false}}', "data is not a string"),
        (b'{"message": {"messageId": 1}}', "messageId is not a string"),
        (b'{"message": {"attributes": false}}', "attributes is not a map of strings"),
        (b'{"message": {"attributes": ["a"]}}', "attributes is not a map of strings"),
        (b'{"message": {"attributes": {"a": 1}}}', "attributes is not a map of strings"),
{% endblock %}
