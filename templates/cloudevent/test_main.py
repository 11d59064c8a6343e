{% extends "shared/test_event.py" %}
{% block tests %}
def test_event_is_handled(client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged) -> None:
    assert client.post("/", headers=headers, data=EVENT).status_code == 200
    [received] = handled
    assert (received.type, received.subject) == (headers["ce-type"], headers["ce-subject"])
    assert (received.source, received.event_id) == (headers["ce-source"], headers["ce-id"])
    assert received.data["protoPayload"]["methodName"] == "storage.buckets.create"
    assert logged() == []


def test_subject_and_data_may_be_missing(client: FlaskClient, headers: dict[str, str], handled: list[Any]) -> None:
    del headers["ce-subject"]
    assert client.post("/", headers=headers).status_code == 200
    assert [(received.subject, received.data) for received in handled] == [("", {})]
{% endblock %}
{% block message %}
    keys = "protoPayload, insertId, resource, timestamp, severity, logName, receiveTimestamp"
    assert entry["message"] == f"{headers['ce-type']} about {headers['ce-subject']} with {keys}"
{% endblock %}
{% block malformed %}
        (MALFORMED, "not a JSON object but bytes"),
        (b"\xff", "not a JSON object but bytes"),
        (b"[]", "not a JSON object but list"),
        (b"1", "not a JSON object but int"),
{% endblock %}
{% block other_type %}
{% endblock %}
