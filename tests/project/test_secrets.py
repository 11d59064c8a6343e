"""No secret is uploaded: .gcloudignore knows it by its name, or the guard by its content. Data goes up."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.support.folders import append
from tests.support.guard import guard
from tests.support.processes import check_output, environment, git, posix_only, run
from tests.support.types import Bake, Gcloud

pytestmark = pytest.mark.slow
# In parts, so that no scanner takes this file for a leak.
BEGIN = "-----" + "BEGIN "
BASE64 = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDB\n" * 4


def block(kind: str, before: str = "") -> str:
    return f"{BEGIN}{kind}-----\n{before}{BASE64}-----END {kind}-----\n"


PEM = block("PRIVATE KEY")
SSH = block("OPENSSH PRIVATE KEY")
ENCRYPTED = block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\n")
PGP = block("PGP PRIVATE KEY BLOCK", "Version: GnuPG v2\n\n")
ACCOUNT = json.dumps({"type": "service_account", "private_key_id": "0123", "private_key": PEM}, indent=2)
USER = json.dumps({"client_id": "x", "client_secret": "y", "refresh_token": "1//z", "type": "authorized_user"})
OAUTH = json.dumps({"installed": {"client_id": "x", "client_secret": "GOCSPX-" + "x" * 28}})
# What is a secret by its name, whatever it holds.
SECRET = """
.env .ENV .env.local .env.prod .env.example .env.yaml prod.env PROD.ENV app.env.local id_rsa ID_RSA id_dsa id_ecdsa
id_ed25519 server.key SERVER.KEY tls.Key client.p12 CLIENT.P12 cert.pfx CERT.PFX putty.ppk PUTTY.PPK store.jks
STORE.JKS upload.keystore passwords.kdbx office.ovpn privkey.pem PRIVATE_KEY.PEM key.pem jwt-private-key.pem
terraform.tfstate terraform.tfstate.backup TERRAFORM.TFSTATE terraform.tfvars prod.auto.tfvars terraform.tfvars.json
x.tfplan service-account.json Service-Account.json service_account.json serviceAccount.json serviceAccountKey.json
my-service-account-key.json sa-key.json SA-KEY.json sa_key.json
firebase-adminsdk-x1y2z-0123456789.json my-firebase-adminsdk.json credentials.json Credentials.json
gcp-credentials.json credentials-prod.json application_default_credentials.json client_secret.json
client_secret_123.apps.googleusercontent.com.json secrets.json secrets.yaml secrets.yml secrets.toml SECRETS.YAML
kubeconfig
""".split()
# What stays behind as well.
RUBBISH = """
.git/config .gitconfig .git-credentials .netrc .npmrc .pypirc .pgpass .my.cnf .htpasswd .dockercfg .docker/config.json
.aws/credentials .azure/accessTokens.json .boto .s3cfg .ssh/id_rsa .ssh/known_hosts .gnupg/secring.gpg .kube/config
.config/gcloud/credentials.db .vault-token .terraform/terraform.tfstate .terraformrc .firebase/x .runtimeconfig.json
.idea/workspace.xml .vscode/settings.json .DS_Store .python_history .bash_history .psql_history
.ipynb_checkpoints/a.ipynb .coverage .tox/x .nox/x .venv/x.py .pytest_cache/x .ruff_cache/x .mypy_cache/x
.hypothesis/x .main.py.swp .#script.py .cache/x staging.env~ venv/x.py node_modules/x.js __pycache__/x.pyc x.pyc
tests/x.py main.py~ script.py.bak script.py.orig debug.log DEBUG.log debug.Keystore local.sqlite local.sqlite3
local.sqlite-journal users.db .env~ .env.prod~ .envrc
""".split()
# What only its content gives away.
BY_CONTENT = {
    "cert.pem": PEM, "CERT.PEM": PEM, "server.pem": block("RSA PRIVATE KEY"), "ec.pem": block("EC PRIVATE KEY"), "deploy": SSH,
    "encrypted.pem": ENCRYPTED, "pkcs8.pem": block("ENCRYPTED PRIVATE KEY"), "dsa.txt": block("DSA PRIVATE KEY"), "github_rsa": SSH,
    "chain.crt": f"{block('CERTIFICATE')}{PEM}", "signing.asc": PGP, "windows.pem": PEM.replace("\n", "\r\n"), "key.py": f'K = """{PEM}"""\n',
    "config.yaml": "key: |\n" + "".join(f"  {line}\n" for line in PEM.splitlines()), "settings.json": json.dumps({"key": PEM}),
    "prod-account.json": ACCOUNT, "my-project.json": ACCOUNT, "gcp.json": ACCOUNT, "firebase.json": ACCOUNT, "account.txt": ACCOUNT,
    "my-project-1a2b3c4d5e6f.json": ACCOUNT, "python.py": 'KEY = (\n    "' + BEGIN + 'PRIVATE KEY-----\\n"\n    "' + BASE64[:52] + '"\n)\n',
    "lines.json": json.dumps(PEM.splitlines(), indent=2), "quoted.txt": "".join(f"> {line}\n" for line in PEM.splitlines()),
    "one-line-encrypted.json": json.dumps({"key": ENCRYPTED}), "login.yaml": "refresh_token: 1//0xyz\n", "login.py": "{'refresh_token': '1//0xyz'}\n",
    "oauth.py": "CLIENT_SECRET = 'GOCSPX-" + "x" * 28 + "'\n",
    "adc.json": USER, "login.json": USER, "oauth.json": OAUTH, "desktop-client.json": OAUTH, "putty.txt": "PuTTY-User-Key-File-3: ssh-rsa\n",
    "notes.md": f"The key is\n\n```\n{PEM}```\n", "table.csv": 'a,"' + PEM + '"\n', "one-line.json": json.dumps(ACCOUNT),
}  # fmt: skip
BY_NAME = {*SECRET, *RUBBISH}
KINDS: dict[str, bytes] = {
    **{name: b"secret" for name in BY_NAME},
    **{name: text.encode() for name, text in BY_CONTENT.items()},
    "powershell.pem": PEM.encode("utf-16"),
    "powershell.json": ACCOUNT.encode("utf-16"),
    "powershell.txt": "PuTTY-User-Key-File-3: ssh-rsa\r\n".encode("utf-16"),
    "with-a-mark.txt": "PuTTY-User-Key-File-3: ssh-rsa\n".encode("utf-8-sig"),
}
LANGUAGES = "ar bg cs da de el en es et fi fr he hi hr hu id it ja ko lt lv ms nb nl pl pt ro ru sk sl sv th tr uk vi zh".split()
HARMLESS = """
3f2504e0-4f89-11d3-9a0c-0305e82c3301.json export-202611260207.json visa-key.json
ca.pem CA.PEM cacert.pem ca-bundle.crt server-ca.pem global-bundle.pem root.crt public.pem public-key.json public-key.pem public_key.pem
public.asc jwks.json known_hosts.txt id_rsa.pub authorized.csv keys.csv keywords.txt keyboard.json key_figures.csv monkey.json
hotkeys.json turkey.geojson key.csv keymap.yaml environment.yaml environments.json env.py environment.txt event.json secret.py
secretariat.csv secrets.md secrets.html token.txt tokens.csv tokenizer.json vocab.json merges.txt model.onnx model.pkl model.joblib
model.tflite weights.bin weights.npz labels.txt config.json config.yaml config.toml config.ini settings.toml settings.py logging.yaml
schema.sql query.sql migrations/001.sql data.csv data.tsv data.parquet data.avro data.xml data.ndjson data.jsonl.gz archive.zip
archive.tar.gz prices.xlsx report.docx report.pdf template.html template.j2 style.css script.js app.wasm logo.png logo.svg font.ttf
font.woff2 sound.wav message.proto message_pb2.py schema.graphql openapi.yaml swagger.json schema.avsc countries.json zones.geojson
GeoLite2.mmdb stopwords.txt LICENSE NOTICE README.md py.typed VERSION data.bin accounts.csv service.json account.json services.yaml
states.csv state.json variables.json vars.yaml terraform.md login.html password_rules.json credentials.html client.json oauth.md
""".split()
MENTIONED = f'PEM_START = "{BEGIN}PRIVATE KEY-----"\nTYPE = "service_account"\n'
DATA = {
    **{name: "data" for name in HARMLESS},
    **{f"i18n/{language}-key.json": "{}" for language in LANGUAGES},
    "ca.pem": block("CERTIFICATE"),
    "ca-bundle.crt": block("CERTIFICATE") * 3,
    "public.pem": block("PUBLIC KEY"),
    "public.asc": block("PGP PUBLIC KEY BLOCK"),
    "request.pem": block("CERTIFICATE REQUEST"),
    "reader.py": MENTIONED,
}
ALLOWED = ("localpackage", "localpackage/deep/er", "second")
PLACES = ("", *ALLOWED, "vendor", "vendor/inner", "tests", "events")


def plant(project: Path, name: str, content: bytes) -> str:
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(content)
    return path.relative_to(project).as_posix()


@pytest.fixture
def full(fresh: Bake) -> Path:
    """A project for Pub/Sub with a second package that is uploaded."""
    project = fresh(trigger="pubsub")
    append("second/__init__.py", "")(project)
    append(".gcloudignore", "!/second\n")(project)
    return Path(project)


@pytest.mark.skipif(sys.platform != "linux", reason="a disk that does not tell names by case holds fewer files")
def test_each_secret_is_left_out_or_reported(full: Path, gcloud: Gcloud, scripts: Path, home: Path) -> None:
    assert len(KINDS) >= 143
    clean = set(check_output(gcloud("meta", "list-files-for-upload", full)).splitlines())
    for place in PLACES:
        for name, content in KINDS.items():
            plant(full, f"{place}/{name}".strip("/"), content)
    uploaded = set(check_output(gcloud("meta", "list-files-for-upload", full)).splitlines()) - clean
    # Nothing goes up from beside main.py, and from elsewhere only what does not look like a secret by its name.
    assert uploaded == {f"{place}/{name}" for place in ALLOWED for name in KINDS if name not in BY_NAME}
    done = guard(scripts, full, home)
    assert done.returncode == 1
    assert {path for path in uploaded if f"{path} holds " in done.stdout} == uploaded


def test_git_ignores_names_of_secrets(full: Path, home: Path) -> None:
    git("init", cwd=full)
    git("add", "-A", cwd=full)
    for name in SECRET:
        plant(full, f"localpackage/{name}", b"secret")
    others = run("git", "ls-files", "--others", "--exclude-standard", cwd=full, env=environment(home))
    assert not check_output(others)


def test_data_is_uploaded(full: Path, gcloud: Gcloud, scripts: Path, home: Path) -> None:
    assert len(DATA) >= 143
    planted = {plant(full, f"{place}/{name}", text.encode()) for place in ALLOWED for name, text in DATA.items()}
    assert planted <= set(check_output(gcloud("meta", "list-files-for-upload", full)).splitlines())
    check_output(guard(scripts, full, home))


@posix_only
def test_link_to_a_file_outside_is_reported(full: Path, scripts: Path, home: Path) -> None:
    append("outside.txt", "secret")(full.parent)
    (full / "localpackage" / "inside.txt").symlink_to("script.py")
    check_output(guard(scripts, full, home))
    append(".env", "secret")(full)
    for name, target in (("outside.txt", full.parent / "outside.txt"), ("settings.txt", full / ".env")):
        (full / "localpackage" / name).symlink_to(target)
        done = guard(scripts, full, home)
        assert done.returncode == 1 and f"localpackage/{name} is a link to a file that is not uploaded" in done.stdout
        append(".gcloudignore", f"/localpackage/{name}\n")(full)
        check_output(guard(scripts, full, home))


def test_secret_in_git_is_reported(full: Path, scripts: Path, home: Path) -> None:
    append("tests/data/key.txt", PEM)(full)
    git("init", cwd=full)
    check_output(guard(scripts, full, home))
    append("the server.pem", PEM)(full)
    done = guard(scripts, full, home)
    assert done.returncode == 1 and "the server.pem holds a private key and would be in git" in done.stdout
    append(".gitignore", "/the server.pem\n")(full)
    check_output(guard(scripts, full, home))
    # From here on, it does not help to ignore it.
    git("add", "--force", "the server.pem", cwd=full)
    git("commit", "--message", "A key", cwd=full)
    done = guard(scripts, full, home)
    assert done.returncode == 1 and "the server.pem holds a private key and is in git. Delete it, or run" in done.stdout
    assert "If a key was committed, revoke it" in done.stdout
    # In CI, pytest shows a message twice.
    [command] = {*re.findall("`(git rm .*?)`", done.stdout)}
    check_output(run(*shlex.split(command), cwd=full, env=environment(home)))
    check_output(guard(scripts, full, home))
    append(".env", "API_KEY='a'\n")(full)
    check_output(guard(scripts, full, home))
    git("add", "--force", ".env", cwd=full)
    assert ".env holds the values for your machine and is in git" in guard(scripts, full, home).stdout
