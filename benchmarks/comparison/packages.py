"""The generators that package indexes have, this template first."""

import json

from benchmarks.comparison.peer import GCLOUD, Peer
from tests.support.questions import VERSION

SAM = "uvx --from aws-sam-cli==1.170.0 sam"
CHALICE = "uvx --from chalice==1.34.0"
GOBLET = "uvx --from goblet-gcp==0.14.0 goblet"
AGENTS = "uvx --from google-agents-cli==1.11.0 agents-cli"
FIREBASE = "npx --yes --package firebase-tools@15.34.2"
DOWN, ENTER = "\x1b[B", "\r"
ANSWERS = json.dumps({"What language": DOWN + DOWN + ENTER, "install dep": "n" + ENTER, "agent skills": "n" + ENTER})
# firebase lists its uploads in no command; this is the function with which it packs them.
PACKED_BY_FIREBASE = (
    'require(require("fs").realpathSync(process.argv[1]) + "/../../fsAsync")'
    '.readdirRecursive({path: "functions", ignoreStrings: require("./firebase.json").functions[0].ignore})'
    ".then(files => files.forEach(file => console.log(file.name)))"
)


def bake(name: str, *answers: str) -> str:
    """Return the command that makes a function with this template."""
    return " ".join(("cookiecutter --no-input $REPOSITORY", f"function_name={name}", *answers))


PACKAGES = (
    Peer(
        name="fn-template",
        version=VERSION,
        makes="Google: HTTP, schedules, tasks, events",
        make=bake("hello-function"),
        project="hello-function",
        main="hello-function/main.py",
        function="hello_function",
        deployed="-r requirements.txt",
        testing="-r requirements-dev.txt",
        test=".",
        uploads=f"{GCLOUD} hello-function",
        events=tuple(
            (event, bake(f"hello-{event}", f"trigger={event}"), f"hello-{event}/main.py:hello_{event}")
            for event in ("pubsub", "storage", "firestore", "cloudevent")
        ),
        updates="`cruft update` merges",
    ),
    Peer(
        name="AWS `sam init`",
        version="aws-sam-cli 1.170.0",
        makes="AWS Lambda, HTTP; more templates from GitHub",
        make=f"{SAM} init --no-interactive --name hello-function --app-template hello-world"
        " --runtime python$PYTHON_VERSION --dependency-manager pip",
        project="hello-function",
        main="hello-function/hello_world/app.py",
        function="lambda_handler",
        deployed="-r hello_world/requirements.txt",
        testing="pytest pytest-mock",
        test="tests/unit",
        lock="hello_world/requirements.txt",
        uploads=f"cd hello-function && {SAM} build >&2 && ls -A .aws-sam/build/HelloWorldFunction",
    ),
    Peer(
        name="AWS `chalice new-project`",
        version="chalice 1.34.0",
        makes="AWS Lambda: HTTP; events in comments",
        make=f"{CHALICE} chalice new-project hello-function",
        project="hello-function",
        main="hello-function/app.py",
        function="index",
        deployed="-r requirements.txt",
        uploads=f"cd hello-function && {CHALICE} --with pip chalice package out >&2 &&"
        " python -m zipfile -l out/deployment.zip",
    ),
    Peer(
        name="`firebase init functions`",
        version="firebase-tools 15.34.2",
        makes="Google, its function in comments",
        make=f"echo '{ANSWERS}' | python $REPOSITORY/benchmarks/comparison/terminal.py"
        f" {FIREBASE} firebase init functions --project demo-hello",
        project="functions",
        main="functions/main.py",
        function="on_request_example",
        deployed="-r requirements.txt",
        uploads=f"{FIREBASE} -c 'node -e '\\''{PACKED_BY_FIREBASE}'\\'' \"$(which firebase)\"'",
    ),
    Peer(
        name="`goblet init`",
        version="goblet-gcp 0.14.0",
        makes="Google, HTTP; events in comments",
        make=f"{GOBLET} init hello",
        main="main.py",
        function="main",
        deployed="-r requirements.txt",
        uploads=f"G_MOCK_CREDENTIALS=1 GOOGLE_PROJECT=demo GOOGLE_LOCATION=us-central1 {GOBLET} package >&2 &&"
        " python -m zipfile -l .goblet/*.zip",
    ),
    Peer(
        name="`agents-cli create`",
        version="google-agents-cli 1.11.0",
        makes="an agent for Google Cloud",
        make=f"{AGENTS} create hello-agent -y -p && cd hello-agent && {AGENTS} install &&"
        " uv export -q --frozen --no-dev --no-emit-project -o locked.txt",
        project="hello-agent",
        main="hello-agent/app/agent.py",
        function="get_weather",
        deployed="-r locked.txt",
        testing="pytest pytest-asyncio nest-asyncio",
        test="tests/unit",
        lock="locked.txt",
        uploads=f"{GCLOUD} hello-agent",
        updates="`agents-cli scaffold upgrade` merges",
    ),
)
