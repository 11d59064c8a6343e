{% extends "shared/test_event.py" %}
{% block tests %}
def test_event_is_handled(client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged) -> None:
    assert client.post("/", headers=headers, data=EVENT).status_code == 200
    [received] = handled
    assert (received.type, received.subject) == (headers["ce-type"], headers["ce-subject"])
    assert (received.source, received.event_id) == (headers["ce-source"], headers["ce-id"])
    assert received.content_type == "application/json"
    assert received.data["protoPayload"]["methodName"] == "storage.buckets.create"
    assert logged() == []


def test_subject_and_data_may_be_missing(client: FlaskClient, headers: dict[str, str], handled: list[Any]) -> None:
    del headers["ce-subject"]
    assert client.post("/", headers=headers).status_code == 200
    assert [(received.subject, received.data) for received in handled] == [("", None)]


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("application/json; charset=utf-8", b'[1, "a", null]', [1, "a", None]),
        ("Application/LD+JSON", b'"text"', "text"),
        ("text/plain", "Grüße".encode(), "Grüße".encode()),
        ("text/plain", b"42", b"42"),
        ("text/plain", b"", None),
        ("application/xml", b"<a/>", b"<a/>"),
        ("application/protobuf", b"\n\t123456789", b"\n\t123456789"),
        ("", b"{}", {}),
        ("", b"\xff", b"\xff"),
    ],
)
def test_data_is_a_value_if_it_is_json_else_bytes(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], content_type: str, body: bytes, data: object
) -> None:
    client.post("/", headers={**headers, "Content-Type": content_type}, data=body)
    assert [(received.content_type, received.data) for received in handled] == [(content_type, data)]


def test_content_type_of_the_event_counts(client: FlaskClient, headers: dict[str, str], handled: list[Any]) -> None:
    headers |= {"ce-datacontenttype": "application/xml", "Content-Type": "text/plain"}
    assert client.post("/", headers=headers, data=b"<a/>").status_code == 200
    assert [(received.content_type, received.data) for received in handled] == [("application/xml", b"<a/>")]


@pytest.mark.parametrize(
    ("structured", "data"),
    [
        ({"data": [1]}, [1]),
        ({"data": [1], "datacontenttype": "application/json"}, [1]),
        ({"data": "42", "datacontenttype": "text/plain"}, "42"),
        ({"data_base64": "NDI=", "datacontenttype": "text/plain"}, b"42"),
        ({"data_base64": "NDI=", "datacontenttype": "application/json"}, 42),
        ({"datacontenttype": "text/plain"}, None),
    ],
)
def test_data_of_a_structured_event(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], structured: dict[str, Any], data: object
) -> None:
    event = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
    client.post("/", json={**event, **structured}, headers={"Content-Type": "application/cloudevents+json"})
    assert [received.data for received in handled] == [data]
{% endblock %}
{% block message %}
    assert entry["message"] == f"{headers['ce-type']} about {headers['ce-subject']} with application/json"
{% endblock %}
{% block malformed %}
        (MALFORMED, "declared as application/json and is not JSON"),
        (b"\xff", "declared as application/json and is not JSON"),
{% endblock %}
{% block other_type %}
{% endblock %}
