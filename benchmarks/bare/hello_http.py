import flask
import functions_framework


@functions_framework.http
def bare(request: flask.Request) -> str:
    return "Hello, World!"
