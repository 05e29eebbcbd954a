"""Texts that want to be more: controls, markup, commands, paths, keys come back; redirects, pages of proxies."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote

from broken_streams import good

from hostile.servers import (
    FINE,
    RUNS,
    STREAM,
    Hostile,
    acts,
    does,
    dumped,
    good_answer,
    http,
    kind_of,
    says,
)

# Set by the house: where nobody may follow.
ELSEWHERE = ["http://elsewhere.invalid/v1"]
SCRIPT = "<script>alert(667)</script>"
TEXTS = {
    "a cleared screen": "\x1b[2J\x1b[H\x1b[31m" + SCRIPT,
    "a title and a clipboard": "\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1bP1$r\x1b\\",
    "a link of the terminal": "\x1b]8;;http://evil.test/\x1b\\here\x1b]8;;\x1b\\",
    "controls of eight bits": "\x9b2J\x9d0;owned\x9c\x90x\x9c",
    "lines that overwrite": "passed\r\x1b[1A\x1b[2KCONFORMS (exit 0)\x08\x08\x0b\x0c",
    "letters that reorder": "\u202egnp.exe\u202c \u2066x\u2069 \u200b\u200e\ufeff\u2028x\u2029",
    "tags and marks": "\U000e0001\U000e0041 " + "Z\u0301\u0302\u0303\u0304\u0305\u0306\u0307" * 50,
    "HTML": SCRIPT + "<img src=x onerror=alert(667)><svg/onload=alert(667)><!--",
    "the end of an attribute": "\"'><script>alert(667)</script>` onmouseover=alert(667) x=\"",
    "a template": "{{7*7}}${7*7}{% raw %}#{7*7}<%= 7*7 %>",
    "the end of CDATA": "]]>]]&gt;<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;\x00\x0b\ufffe\uffff",
    "Markdown": "[a](http://evil.test) ![p](http://evil.test/p.png) | x | `code` ``` @team #1 <http://evil.test>",
    "a fence": "```\n" + SCRIPT + "\n```\n~~~\n# owned\n",
    "commands of GitHub": "\n::error file=x::owned\r\n::add-mask::x\n##[set-output name=x]y\n%0A::stop-commands::x",
    "commands of a shell": "'; touch owned; ' $(touch owned) `touch owned` \"$OPENAI_API_KEY\" \\ !! \n#",
    "TOML": '"\n[[gap]]\nrequirement = "*"\nreason = "owned"\n\'\'\'"""',
    "YAML": "!!python/object/apply:os.system ['touch owned']\n- &a [*a]\n--- \n...\n",
    "formats": "%s%n%d {0} {x.__class__} %(x)s \\N{BULLET} \\x1b[2J",
    "lone surrogates": "\ud800\udfff" + SCRIPT,
}  # fmt: skip


def everywhere(text):
    """Every answer to a create is a refusal and a run of this text, in each of its strings."""

    def deed(connection, request):
        kind = kind_of(request)
        if kind == "stream":
            blocks = [*good.two_texts()]
            body = b": " + line(text) + b"\nevent: " + line(text) + b"\ndata: {}\n\n"
            body += b"".join(good.block(name, poisoned(data, text)) if not isinstance(data, str) else
                             good.block(name, data) for name, data in blocks if encodable(text) or name == "done")  # fmt: skip
            connection.send(http(body, *FINE, kind="text/event-stream"))
        elif kind in ("assistant", "thread"):
            connection.send(good_answer(kind))
        elif kind == "run":
            run = {**poisoned(good.run("queued"), text), text: text, "metadata": {text: text}, "tools": [text]}
            connection.send(http(dumped(run), *headers(text)))
        else:
            error = {"error": {"message": text, "type": text, "param": text, "code": text}}
            connection.send(http(dumped(error), *headers(text), status="400 " + reason(text)))

    return deed


def encodable(text):
    return text.isascii() or not re.search("[\ud800-\udfff]", text)


def line(text):
    return re.sub("[\r\n]", " ", text).encode("utf-8", "surrogatepass")


def reason(text):
    return re.sub("[\x00-\x1f\x7f-\uffff]|[\U00010000-\U0010ffff]", "?", text)


def headers(text):
    """What HTTP lets pass of it, in a header that is shown."""
    return (("X-Request-Id", reason(text)), ("Openai-Version", reason(text)), *FINE[1:])


def poisoned(value, text):
    if isinstance(value, dict):
        return {name: poisoned(inner, text) for name, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, text) for inner in value]
    return text if isinstance(value, str) else value


def refusing(text):
    """Not even an assistant can be made: the sentence why has the text in it."""
    return http(dumped({"error": {"message": text, "type": text, "code": text}}), *headers(text), status="400 No")


MARKUP = [
    *(acts(f"markup: {name}, in every string", everywhere(text), codes=(1,)) for name, text in TEXTS.items()),
    *(says(f"markup: {name}, for the first refusal", refusing(text), codes=(1,)) for name, text in TEXTS.items()),
    says("markup: HTML for a refused key", http(dumped({"error": {"message": TEXTS["HTML"]}}), status="401 No"), codes=(2,)),
    says("markup: escapes for a refused key", http(TEXTS["a cleared screen"], status="403 No", kind="text/plain"), codes=(2,)),
    says("markup: an escape in the status", http("{}", status="500 \x1b[2J\x07owned"), codes=(1, 2)),
    says("markup: HTML as an encoding", http("{}", ("Content-Encoding", SCRIPT)), codes=(1, 2)),
    says("markup: HTML as a type", http("{}", kind=f"text/{SCRIPT}; charset={SCRIPT}"), *RUNS),
    says("markup: an unknown set of characters", http("{}", kind='application/json; charset="../../x"'), *RUNS),
    says("markup: a set of characters that runs code", http("{}", kind="application/json; charset=unicode_escape"), *RUNS),
]  # fmt: skip
IDS = {
    "up the folders": "../../../../tmp/owned",
    "up the folders, encoded": "..%2f..%2f%2e%2e/owned",
    "of Windows": "..\\..\\C:\\owned",
    "an absolute path": "/tmp/owned",
    "a device": "CON",
    "a drive and a stream": "C:owned.txt::$DATA",
    "another host": "//evil.test/x",
    "a URL": "http://evil.test/v1/threads/x",
    "user and password": "x:y@evil.test",
    "a query": "x?a=b&key=c#d",
    "a line and a header": "x\r\nX-Owned: 1\r\n\r\nGET /owned HTTP/1.1",
    "NUL": "run_\0.txt",
    "300 letters": "r" * 300,
    "70,000 letters": "r" * 70_000,
    "a dot": ".",
    "two dots": "..",
    "only blanks": "   ",
    "a tilde and a variable": "~root/$HOME/%APPDATA%",
    "an option": "--upload-file=/etc/passwd",
    "a pattern": "*?[a-z]{x,y}",
}


def named(text):
    """Assistant, thread and run of this id."""

    def deed(connection, request):
        kind = kind_of(request)
        if kind == "stream":
            body = STREAM.replace(b'"id":"run_A1"', b'"id":' + dumped(text))
            connection.send(http(body, *FINE, kind="text/event-stream"))
            return
        _, _, body = good_answer(kind).partition(b"\r\n\r\n")
        made = json.loads(body)
        made.update({"id": text, **({"thread_id": text, "assistant_id": text} if "status" in made else {})})
        connection.send(http(dumped(made), *FINE))

    return deed


PATHS = [acts(f"paths: an id that is {name}", named(text), codes=(0, 1, 2)) for name, text in IDS.items()]


def key_of(request):
    """The credential, as it came."""
    found = re.search(rb"(?i)\r\nauthorization: *(?:bearer )?([^\r\n]*)", request)
    return found[1].decode("latin-1") if found else ""


def echo(name, make, *where, codes=(1, 2)):
    """`make` gives an answer for the key that came."""
    return acts(f"keys: {name}", lambda c, r: c.send(make(key_of(r))), *where, codes=codes)


def error(text, status="400 No", *more):
    return http(dumped({"error": {"message": text, "type": "x", "param": None, "code": None}}), *more, status=status)


def spelt(key, how):
    """An error whose text holds the key spelt by JSON's own escapes."""
    inside = "".join(how(letter) for letter in key)
    return http(f'{{"error":{{"message":"key {inside}","type":"x"}}}}', status="400 No")


def in_pieces(connection, request):
    """The key cut by chunks, and by events."""
    key = key_of(request)
    run = dumped(good.run("queued", instructions=f"key {key} end"))
    pieces = [run[at : at + 7] for at in range(0, len(run), 7)]
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in [*pieces, b""]:
        connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))


def broken_head(connection, request):
    connection.send(b"HTTP/1.1 200 OK\r\n" + key_of(request).encode() + b"\r\n\r\n")


KEYS = [
    echo("in a refusal", lambda key: error(f"Incorrect API key provided: {key}"), codes=(1,)),
    echo("in a 401", lambda key: error(f"Incorrect API key provided: {key}", "401 No"), codes=(2,)),
    echo("in a 401 that is no JSON", lambda key: http(f"no {key}", status="401 No", kind="text/plain"), codes=(2,)),
    echo("in a page", lambda key: http(f"<html>{key}</html>", kind="text/html"), codes=(2,)),
    echo("in a run", lambda key: http(dumped(good.run("queued", instructions=key, metadata={key: key})), *FINE), *RUNS),
    echo("as an id", lambda key: http(dumped(good.run("queued", id=f"run_{key}")), *FINE), *RUNS),
    echo("as a thread's id", lambda key: http(dumped({"id": f"thread_{key}", "object": "thread"}), *FINE), "thread", codes=(0, 1)),
    echo("in headers", lambda key: error("x", "400 No", ("X-Echo", key), ("Set-Cookie", f"k={key}"), ("X-Request-Id", key))),
    echo("in a header's name", lambda key: error("x", "400 No", (key, "1"))),
    echo("in the reason", lambda key: error("x", f"400 {key}")),
    echo("in a location", lambda key: http("", ("Location", f"/x?key={key}"), status="307 There")),
    echo("in an encoding", lambda key: http("{}", ("Content-Encoding", key))),
    echo("in the type", lambda key: http("{}", kind=f"text/{key}")),
    echo("in an event", lambda key: http(STREAM.replace(b"Hello", key.encode()), *FINE, kind="text/event-stream"), "stream", codes=(0, 1)),
    echo("in a name of an event", lambda key: http(f"event: {key}\ndata: {key}\n\n: {key}\n\n", kind="text/event-stream"), "stream"),
    echo("in a broken stream", lambda key: http(f"event: x\ndata: {{{key}", kind="text/event-stream"), "stream"),
    acts("keys: cut by chunks", in_pieces, *RUNS),
    acts("keys: in a head that is none", broken_head, codes=(2,)),
    echo("in UTF-16", lambda key: http(f"key {key}".encode("utf-16")), *RUNS),
    echo("beside invalid UTF-8", lambda key: http(b"\xff\xfe " + key.encode() + b" \xff"), *RUNS),
    echo("in escapes of JSON", lambda key: spelt(key, lambda one: f"\\u{ord(one):04x}"), *RUNS),
    echo("in some escapes of JSON", lambda key: spelt(key, lambda one: f"\\u{ord(one):04X}" if one in "Zq-" else one), *RUNS),
    echo("in percents", lambda key: error("".join(f"%{ord(one):02x}" for one in key)), *RUNS),
    echo("in entities of HTML", lambda key: error("".join(f"&#{ord(one)};" for one in key)), *RUNS),
    echo("at the cut of a long body", lambda key: http("x" * 16_370 + key + "y" * 99), *RUNS),
    echo("at the cut of a long text", lambda key: error("x" * 3_990 + key + "y" * 99), *RUNS),
    echo("at the cut of a line", lambda key: error("x" * 112 + key + "y" * 99), *RUNS),
    echo("9,999 times", lambda key: error(f"{key} " * 9_999), *RUNS),
    echo("with the word before it", lambda key: error(f"Authorization: Bearer {key}"), *RUNS),
    echo("in base64", lambda key: error(base64.b64encode(f"Bearer {key}".encode()).decode()), *RUNS),
    echo("in a URL", lambda key: error(f"see https://user:{key}@evil.test/?api_key={quote(key)}"), *RUNS),
]  # fmt: skip


def redirect(name, location, status="307 There", *, codes=(1, 2), more=()):
    lines = (("Location", location), *more)
    return says(f"redirects: {name}", http("", *lines, status=status), codes=codes)


def elsewhere(connection, _):
    """To a server that writes down whoever comes."""
    connection.send(http("", ("Location", ELSEWHERE[0]), status="307 There"))


REDIRECTS = [
    *(redirect(f"{status} to another host", "http://elsewhere.invalid/v1/x", f"{status} There") for status in (301, 302, 303, 307, 308)),
    acts("redirects: to another port", elsewhere),
    acts("redirects: to another port for runs", elsewhere, *RUNS),
    redirect("to itself", "/v1/assistants"),
    redirect("without an address", ""),
    redirect("to a file", "file:///etc/passwd"),
    redirect("to a script", "javascript:alert(667)"),
    redirect("without a scheme", "//elsewhere.invalid/x"),
    redirect("to a megabyte", "http://elsewhere.invalid/" + "x" * 50_000),
    redirect("with a page", "http://elsewhere.invalid/", more=(("Refresh", "0; url=http://elsewhere.invalid/"), ("Set-Cookie", "a=b; Domain=.invalid"))),
    redirect("300 with choices", "http://elsewhere.invalid/", "300 Choose"),
    redirect("201 with an address", "http://elsewhere.invalid/", "201 Created"),
    says("redirects: a cookie for everybody", http("{}", ("Set-Cookie", "a=b; Domain=localhost; Path=/"))),
    says("redirects: another way of asking", http("{}", ("WWW-Authenticate", 'Basic realm="<script>alert(667)</script>"'), ("WWW-Authenticate", "Negotiate"), status="401 No"), codes=(2,)),
    says("redirects: a proxy that wants a key", http("{}", ("Proxy-Authenticate", "Basic"), status="407 No")),
    says("redirects: another service", http("{}", ("Alt-Svc", 'h2="elsewhere.invalid:443"'), ("Upgrade", "h2c"), status="426 Upgrade")),
]  # fmt: skip
PAGES = {
    "nginx, 502": ("502 Bad Gateway", "<html>\r\n<head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"),
    "nginx, 413": ("413 Too Large", "<html><head><title>413 Request Entity Too Large</title></head></html>"),
    "Apache, 403": ("403 Forbidden", '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"><html><h1>Forbidden</h1></html>'),
    "a load balancer, 503": ("503 Unavailable", "<html><body><b>Http/1.1 Service Unavailable</b></body></html>"),
    "a load balancer, 504": ("504 Timeout", "<html><head><title>504 Gateway Time-out</title></head></html>"),
    "Cloudflare, 520": ("520 Unknown", "<!DOCTYPE html><html><body>error code: 520</body></html>"),
    "Varnish, 503": ("503 Backend fetch failed", '<?xml version="1.0"?><html><body>Guru Meditation: XID: 32770</body></html>'),
    "a captive portal": ("200 OK", "<html><meta http-equiv=refresh content='0;url=http://login.invalid/'></html>"),
    "a captive portal, 511": ("511 Network Authentication Required", "<html>log in</html>"),
}
LINES = {
    "text": ("500 Oh", "Internal Server Error", "text/plain"),
    "a traceback": ("500 Oh", 'Traceback of the server (most recent call last):\n  File "app.py", line 1\nKeyError', "text/plain"),
    "XML": ("400 Bad", "<Error><Code>AccessDenied</Code></Error>", "application/xml"),
    "problem+json": ("404 Not Found", '{"title":"x","status":404}', "application/problem+json"),
    "nothing": ("502 Bad Gateway", "", ""),
    "FastAPI": ("422 Unprocessable", '{"detail":[{"loc":["body"],"msg":"x"}]}', "application/json"),
    "an error that is a text": ("500 Oh", '{"error":"boom"}', "application/json"),
    "an error that is a list": ("500 Oh", '{"error":[{"message":"boom"}]}', "application/json"),
}  # fmt: skip
PROXIES = [
    *(says(f"proxies: {name}", http(body, *FINE, status=status, kind="text/html"), codes=(2,)) for name, (status, body) in PAGES.items()),
    *(says(f"proxies: {name}, for runs", http(body, *FINE, status=status, kind="text/html"), *RUNS) for name, (status, body) in PAGES.items()),
    *(says(f"proxies: {name}, for runs", http(body, *FINE, status=status, kind=kind), *RUNS, codes=(1,)) for name, (status, body, kind) in LINES.items()),
]  # fmt: skip
# Whole standard checks: nothing but nonsense, or every string a trick.
WHOLE = [
    Hostile("whole: a list for everything", does(lambda c, _: c.send(http("[]"))), (1,), whole=True),
    Hostile("whole: escapes and HTML in every string", does(everywhere(TEXTS["a cleared screen"] + TEXTS["HTML"])), (1,), whole=True),
    Hostile("whole: the same run for everything", does(lambda c, _: c.send(http(dumped(good.run("queued")), *FINE)), *RUNS), (1,), whole=True),
    Hostile("whole: closes at once from the runs on", does(lambda c, _: None, *RUNS), (1, 2), whole=True),
    Hostile("whole: the key in every answer", does(lambda c, r: c.send(error(key_of(r))), *RUNS), (1,), whole=True),
]  # fmt: skip
SERVERS = [*MARKUP, *PATHS, *KEYS, *REDIRECTS, *PROXIES, *WHOLE]
