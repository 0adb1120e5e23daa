"""A request as a command or a script, made from the same `Call` that is sent. It holds no key.

Where a secret goes stands the variable that usually holds it, such as `$OPENAI_API_KEY`: the call is signed with a
placeholder for each secret, and the placeholders give way to the variables. No text can name a placeholder, and so have
a variable of its own choice put in: each process has others.
"""

import json
import keyword
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode, urlsplit

from tui.errors import UsageError
from tui.providers.client.access import Access, check_origin
from tui.providers.origins import host_of
from tui.providers.requests import Base64File, Call, Framing
from tui.providers.spec import FieldValues, Provider
from tui.secret import MASK, Secret

FORMS = ("curl", "httpx", "python")
"""`python` is the vendor's own library."""

_MARK = f"MODELDECK{token_hex(8).upper()}"
_PLACEHOLDER = re.compile(rf"{_MARK}PUTS([A-Z0-9_]+)HERE")
_FILE = f"{_MARK}FILE"


def request_text(access: Access, call: Call, form: str, now: float) -> str:
    """Return a request in one of `FORMS`.

    Args:
        access: The credential; no secret of it is opened.
        call: The request, not signed.
        form: One of `FORMS`.
        now: Seconds since the epoch, for signing.

    Raises:
        UsageError: No single request of that form does the same, or its key must not be sent to that address: who
            runs what is printed sends it there.
    """
    provider = access.provider
    check_origin(access, call.url)
    if form == "httpx" and (script := _script(provider, access.fields, call, now)):
        return script
    if not call.idempotent:
        # A job that has to be followed.
        raise _many_steps(provider, *(("Print it as httpx.",) if call.json is not None else ()))
    signed = _sign(provider, access.fields, call, now)
    match form:
        case "curl":
            return _curl(signed)
        case "httpx":
            return _httpx(signed)
    return _library(provider, signed)


def _sign(provider: Provider, fields: FieldValues, call: Call, now: float) -> Call:
    """Return the call with placeholders in place of its secrets."""
    names = {entry.name: _variable(provider, entry.name, entry.env) for entry in provider.fields if entry.secret}
    variables = {name: variable for name, variable in names.items() if fields.get(name) == MASK}
    variables = variables or {name: variable for name, variable in names.items() if provider.field(name).required}
    if call.framing is Framing.WEBSOCKET or provider.token(fields) is not None:
        raise _many_steps(provider)
    secrets = {name: Secret(f"{_MARK}PUTS{variable}HERE") for name, variable in variables.items()}
    signed = provider.sign(call, fields, secrets, now)
    values = " ".join(map(_clear, (*signed.headers.values(), *_flat(signed.query), *_flat(signed.form or {}))))
    if any(variable not in values for variable in variables.values()):
        # Something was computed from the key, which holds for this request and this moment alone.
        raise _many_steps(provider, "Print it as httpx.")
    return signed


def _many_steps(provider: Provider, hint: str = "There is no command that does the same.") -> UsageError:
    return UsageError(
        f"{provider.label} needs more than one request, or a signature of its own for each.",
        hint,
    )


def _variable(provider: Provider, name: str, env: tuple[str, ...]) -> str:
    return env[0] if env else f"{provider.declared_id}_{name}".upper()


def _clear(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _flat(pairs: Mapping[str, str | Secret | tuple[str, ...]]) -> list[str | Secret]:
    return [part for value in pairs.values() for part in (value if isinstance(value, tuple) else (value,))]


def _url(call: Call) -> str:
    pairs = {name: value if isinstance(value, tuple) else _clear(value) for name, value in call.query.items()}
    return call.url + (f"?{urlencode(pairs, doseq=True)}" if pairs else "")


def _headers(call: Call) -> dict[str, str]:
    headers = {"accept": "application/json"}
    if call.json is not None:
        headers["content-type"] = "application/json"
    elif call.form is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
    elif call.upload is not None and call.upload.raw:
        headers["content-type"] = call.upload.media
    return headers | {name: _clear(value) for name, value in call.headers.items()}


def _body(call: Call) -> tuple[str, list[Base64File]]:
    """Return the JSON or form of a request, with a mark for each file that is sent within it, and those files."""
    if call.form is not None:
        return urlencode({name: _clear(value) for name, value in call.form.items()}), []
    files: list[Base64File] = []

    def plain(value: Any) -> Any:
        if isinstance(value, Base64File):
            files.append(value)
            return value.prefix + _FILE
        if isinstance(value, Mapping):
            return {name: plain(entry) for name, entry in value.items()}
        return [plain(entry) for entry in value] if isinstance(value, list | tuple) else value

    if call.json is None:
        return "", []
    return json.dumps(plain(call.json), ensure_ascii=False, separators=(",", ":")), files


# --- curl -------------------------------------------------------------------------------------------------------------


def _curl(call: Call) -> str:
    body, files = _body(call)
    lines = [f"curl -sS -N -X {call.method} {_shell(_url(call))}"]
    lines += [f"-H {_shell(f'{name}: {value}')}" for name, value in _headers(call).items()]
    upload = call.upload
    if upload is not None and upload.raw:
        lines.append(_option("data-binary", shlex.quote(f"@{upload.path}")))
    elif upload is not None:
        lines += [_option("form-string", shlex.quote(f"{name}={value}")) for name, value in upload.parts]
        named = f'"{_in_quotes(str(upload.path))}";type={upload.media}'
        named += f';filename="{_in_quotes(upload.filename or upload.path.name)}"'
        lines.append(f"-F {shlex.quote(f'{upload.name}=@{named}')}")
    elif files:
        lines.append(_option("data-binary", "@-"))
    elif body:
        lines.append(_option("data-raw", _shell(body)))
    command = " \\\n  ".join(lines) + "\n"
    return f"{{\n{_with_base64(body, files)}}} | {command}" if files else command


def _with_base64(body: str, files: list[Base64File]) -> str:
    """Return the commands that write a body: its texts, and the base64 of its files between them."""
    first, *texts = body.split(_FILE)
    lines = [f"  printf %s {_shell(first)}"]
    for file, text in zip(files, texts, strict=True):
        lines += [f"  {_file_command(file)} | base64 | tr -d '\\n'", f"  printf %s {_shell(text)}"]
    return "".join(f"{line}\n" for line in lines)


def _file_command(file: Base64File) -> str:
    """Return the command that writes what is sent of a file."""
    path = shlex.quote(_path_of(file))
    if not file.pieces:
        return f"cat {path}"
    commands = []
    for piece in file.pieces:
        if isinstance(piece, bytes):
            commands.append("printf '" + "".join(map("\\{:03o}".format, piece)) + "'")
        else:
            commands.append(f"tail -c +{piece[0] + 1} {path} | head -c {piece[1] - piece[0]}")
    return f"{{ {'; '.join(commands)}; }}"


def _path_of(file: Base64File) -> str:
    if file.path == Path():
        raise UsageError("The attachment was piped and is not in a file.", "Attach it by its path.")
    return str(file.path)


def _option(name: str, value: str) -> str:
    return f"--{name} {value}"


def _in_quotes(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _shell(text: str) -> str:
    """Return a text as one word of a shell, with the variables in it to be put in."""
    if not _PLACEHOLDER.search(text):
        return shlex.quote(text)
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{_PLACEHOLDER.sub(lambda match: f"${{{match[1]}}}", escaped)}"'


# --- Python -----------------------------------------------------------------------------------------------------------


def _httpx(call: Call) -> str:
    imports, arguments = _arguments(call)
    lines = [*sorted(imports), "", "import httpx", ""]
    lines.append(f"with httpx.stream({call.method!r}, {_python(_url(call))},")
    lines += [f"                  {argument}," for argument in arguments]
    lines += ["                  timeout=None) as response:"]
    lines += ["    for text in response.iter_text():", "        print(text, end='', flush=True)"]
    return "\n".join(lines) + "\n"


def _arguments(call: Call) -> tuple[set[str], list[str]]:
    """Return the imports that a request needs, and its headers and body as arguments of httpx."""
    body, files = _body(call)
    arguments = [f"headers={_dictionary(_headers(call))}"]
    upload, imports = call.upload, {"import os"}
    if upload is not None and upload.raw:
        arguments.append(f"content=open({str(upload.path)!r}, 'rb').read()")
    elif upload is not None:
        data: dict[str, Any] = {}
        for name, value in upload.parts:
            data.setdefault(name, []).append(value)
        file = f"({(upload.filename or upload.path.name)!r}, open({str(upload.path)!r}, 'rb'), {upload.media!r})"
        arguments += [f"data={data!r}", f"files={{{upload.name!r}: {file}}}"]
    elif body:
        expression = _python(body) + ".encode()"
        if files:
            imports.add("import base64")
            expression = f"({_python(body.replace('%', '%%').replace(_FILE, '%s'))} % ({_files(files)},)).encode()"
        arguments.append(f"content={expression}")
    return imports, arguments


def _script(provider: Provider, fields: FieldValues, call: Call, now: float) -> str:
    """Return a script for a request that takes more than one step, '' for any other."""
    if provider.declared_id == "replicate" and not call.idempotent and call.json is not None:
        return _prediction(_sign(provider, fields, call, now))
    if provider.declared_id == "spark" and call.framing is Framing.JSON and not call.url.endswith("/chat/completions"):
        return _hmac(provider, call)
    if provider.declared_id == "spark" and call.framing is Framing.WEBSOCKET and call.sends and call.chunks is None:
        return _messages(provider, call)
    return ""


def _prediction(call: Call) -> str:
    """Return a script that creates a prediction of Replicate, and asks for it until it is over."""
    imports, arguments = _arguments(call)
    base = re.sub(r"(/deployments/[^/]+/[^/]+)?/predictions$", "/predictions/", call.url)
    signed = {name: value for name, value in _headers(call).items() if _PLACEHOLDER.search(value)}
    lines = [*sorted({*imports, "import time"}), "", "import httpx", "", "with httpx.Client(timeout=None) as client:"]
    lines.append(f"    response = client.request({call.method!r}, {_python(_url(call))},")
    lines += [f"                              {argument}," for argument in arguments]
    lines += [
        "                              )",
        "    prediction = response.raise_for_status().json()",
        "    while prediction['status'] in ('starting', 'processing'):",
        "        time.sleep(1)",
        f"        response = client.get({base!r} + prediction['id'], headers={_dictionary(signed)})",
        "        prediction = response.raise_for_status().json()",
        "print(prediction.get('error') or prediction.get('output'))",
    ]
    return "\n".join(lines) + "\n"


def _hmac(provider: Provider, call: Call) -> str:
    """Return a script that signs a request."""
    imports, arguments = _arguments(call)
    lines = [
        *_signature(provider, call, imports, "import httpx"),
        f"response = httpx.request({call.method!r}, {call.url!r} + '?' + urlencode(signature),",
        *(f"                         {argument}," for argument in arguments),
        "                         timeout=None)",
        "print(response.text)",
    ]
    return "\n".join(lines) + "\n"


def _messages(provider: Provider, call: Call) -> str:
    """Return a script that opens a WebSocket with a signed address, and sends the messages."""
    url = call.url.replace("ws", "http", 1)  # as httpx-ws expects it
    lines = [
        *_signature(provider, call, {"import json"}, "import httpx", "from httpx_ws import connect_ws"),
        f"url = {url!r} + '?' + urlencode(signature)",
        "with httpx.Client(timeout=None) as client, connect_ws(url, client) as socket:",
        f"    for message in {_literal(call.sends)}:",
        "        socket.send_text(json.dumps(message, ensure_ascii=False, separators=(',', ':')))",
        "    status = 0",
        "    while status != 2:",
        "        text = socket.receive_text(timeout=None)",
        "        print(text)",
        "        header = json.loads(text)['header']",
        "        status = 2 if header.get('code') else header.get('status')",
    ]
    return "\n".join(lines) + "\n"


def _signature(provider: Provider, call: Call, imports: set[str], *libraries: str) -> list[str]:
    """Return the lines that sign a request as iFLYTEK documents it: host, date and request line."""
    key, secret = (_variable(provider, name, provider.field(name).env) for name in ("api_key", "api_secret"))
    request_line = f"{call.method} {urlsplit(call.url).path} HTTP/1.1"
    words = """f'api_key="{key}", algorithm="hmac-sha256", headers="host date request-line", signature="{digest}"'"""
    modules = {"import base64", "import hashlib", "import hmac", "import os"}
    return [
        *sorted({*imports, *modules}),
        "from email.utils import formatdate",
        "from urllib.parse import urlencode",
        "",
        *libraries,
        "",
        f"key, secret = os.environ[{key!r}], os.environ[{secret!r}]",
        f"host, date = {host_of(call.url)!r}, formatdate(usegmt=True)",
        f"text = f'host: {{host}}\\ndate: {{date}}\\n' + {request_line!r}",
        "digest = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()",
        f"words = {words}",
        "signature = {'authorization': base64.b64encode(words.encode()).decode(), 'date': date, 'host': host}",
    ]


def _files(files: list[Base64File]) -> str:
    return ", ".join(map(_base64_expression, files))


def _base64_expression(file: Base64File) -> str:
    """Return the Python expression of a file's base64."""
    content = f"open({_path_of(file)!r}, 'rb').read()"
    if file.pieces:
        pieces = (repr(piece) if isinstance(piece, bytes) else f"file[{piece[0]}:{piece[1]}]" for piece in file.pieces)
        content = f"(lambda file: {' + '.join(pieces)})({content})"
    return f"base64.b64encode({content}).decode()"


def _literal(value: Any) -> str:
    """Return a Python expression of JSON with files."""
    if isinstance(value, Base64File):
        return f"{value.prefix!r} + {_base64_expression(value)}" if value.prefix else _base64_expression(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name!r}: {_literal(entry)}" for name, entry in value.items()) + "}"
    return f"[{', '.join(map(_literal, value))}]" if isinstance(value, list | tuple) else repr(value)


def _dictionary(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name!r}: {_python(value)}" for name, value in values.items()) + "}"


def _python(text: str) -> str:
    """Return a text as a Python expression, with the variables in it to be put in."""
    pieces = _PLACEHOLDER.split(text)
    parts = [f"os.environ[{piece!r}]" if number % 2 else repr(piece) for number, piece in enumerate(pieces) if piece]
    return " + ".join(parts) if len(parts) < 2 else f"({' + '.join(parts)})"


def _library(provider: Provider, call: Call) -> str:
    """Return a script for the vendor's own library; both take the fields of the body as arguments."""
    variables = _PLACEHOLDER.findall(" ".join(_headers(call).values()))
    key = f"os.environ[{variables[0]!r}]" if variables else "'none'"
    body = dict(call.json) if isinstance(call.json, Mapping) else {}
    streamed = bool(body.pop("stream", False))
    other = {name: body.pop(name) for name in [*body] if not name.isidentifier() or keyword.iskeyword(name)}
    arguments = ", ".join(f"{name}={_literal(value)}" for name, value in body.items())
    arguments += f", extra_body={_literal(other)}" if other else ""
    methods = {"/chat/completions": "chat.completions", "/completions": "completions", "/embeddings": "embeddings"}
    if provider.declared_id == "anthropic" and call.url.endswith("/v1/messages"):
        base, module, name, method = call.url.removesuffix("/v1/messages"), "anthropic", "Anthropic", "messages"
    else:
        end = next((path for path in methods if call.url.endswith(path)), "")
        if not end or not body or call.query:
            raise UsageError(f"No library takes this request of {provider.label} as it is.", "Print it as httpx.")
        base, module, name, method = call.url.removesuffix(end), "openai", "OpenAI", methods[end]
    create = f"client.{method}.create({arguments}{', stream=True' if streamed else ''})"
    use = [f"for event in {create}:", "    print(event)"] if streamed else [f"print({create})"]
    imports = ["import base64"] if "base64.b64encode" in create else []
    client = f"client = {name}(api_key={key}, base_url={base!r})"
    return "\n".join([*imports, "import os", "", f"from {module} import {name}", "", client, *use]) + "\n"
