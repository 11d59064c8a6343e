import functions_framework
from cloudevents.http import CloudEvent


@functions_framework.cloud_event
def bare(event: CloudEvent) -> None:
    print(f"Hello, {event['source']}!")
