import flask
import functions_framework


@functions_framework.http
def bare(request: flask.Request) -> dict[str, str]:
    return {"message": f"Hello, {request.args.get('name', 'World')}!"}
