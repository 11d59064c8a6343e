import functions_framework.aio
from starlette.requests import Request


@functions_framework.aio.http
async def bare(request: Request) -> dict[str, str]:
    return {"message": f"Hello, {request.query_params.get('name', 'World')}!"}
