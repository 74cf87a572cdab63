"""What the network's troubles mean: whether the server may have seen the request."""

from __future__ import annotations

import gzip
import inspect
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import urllib3

from runner.cloud import NoAnswerError, NotSentError, Request, RequestsPort
from runner.cloud.wire.requests_transport import _TROUBLES, _Route

SECRET = "t0ken-that-nobody-sees"
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(autouse=True)
def usual_trust(monkeypatch):
    """No test meets the CA bundle of whoever runs it."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


def exceptions_of(module, root):
    """What a library may raise, by name; warnings are no errors."""
    kinds = inspect.getmembers(module, inspect.isclass)
    return [kind for _, kind in kinds if issubclass(kind, root) and not issubclass(kind, Warning)]


OF_REQUESTS = exceptions_of(requests.exceptions, requests.RequestException)
OF_URLLIB3 = exceptions_of(urllib3.exceptions, Exception)


def raised(kind):
    """One of its kind, whatever its arguments are."""
    error = kind.__new__(kind)
    error.args = ("https://pcs.test/?signature=s",)
    return error


class FailingPool:
    """Fails before, or after, it has asked for the body."""

    def __init__(self, error, *, after):
        self._error, self._after = error, after
        self.sent = 0

    def urlopen(self, method, target, *, body, **rest):
        """Fails."""
        self.sent += 1
        if self._after:
            assert b"".join(body) == b"{}"
        raise self._error


@pytest.mark.parametrize(
    "kind", [*OF_REQUESTS, *OF_URLLIB3], ids=lambda kind: f"{kind.__module__}.{kind.__name__}"
)
@pytest.mark.parametrize(("after", "expected"), [(False, NotSentError), (True, NoAnswerError)])
def test_every_exception_of_the_libraries_is_mapped(kind, after, expected):
    """For a POST to whether its body was asked for, whatever its name promises; it is sent once."""
    pool = FailingPool(raised(kind), after=after)
    port = RequestsPort()
    port._routes["http://pcs.test"] = _Route(pool)

    with pytest.raises(expected) as caught:
        port.send(Request("POST", "http://pcs.test/x", body=b"{}"))

    assert issubclass(kind, _TROUBLES)
    assert type(caught.value) is expected
    assert "signature" not in str(caught.value)
    assert pool.sent == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (urllib3.exceptions.NewConnectionError(None, "refused"), NotSentError),
        (urllib3.exceptions.NameResolutionError("pcs.test", None, OSError("unknown")), NotSentError),
        (urllib3.exceptions.ConnectTimeoutError("slow"), NotSentError),
        (urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("untrusted")), NotSentError),
        (urllib3.exceptions.ProxyError("no proxy", OSError("refused")), NotSentError),
        (urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError()), NoAnswerError),
        (urllib3.exceptions.ReadTimeoutError(None, "/", "slow"), NoAnswerError),
        (urllib3.exceptions.DecodeError("no gzip"), NoAnswerError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_connection_that_never_stood_sent_nothing(error, expected):
    """A GET has no body to tell: the kind of the error does."""
    port = RequestsPort()
    port._routes["http://pcs.test"] = _Route(FailingPool(error, after=False))

    with pytest.raises(expected):
        port.send(Request("GET", "http://pcs.test/x"))


@pytest.mark.parametrize(
    "url", ["", "nowhere", "ftp://pcs.test/x", "http:///x", "http://[x/y", "http://h:99999/x"]
)
def test_what_is_no_address_is_not_sent(url):
    """Nothing is guessed."""
    with pytest.raises(NotSentError):
        RequestsPort().send(Request("POST", url, body=b"{}"))


def unused_url():
    """Where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


def test_a_refused_connection_is_not_sent():
    """Nobody listens."""
    with pytest.raises(NotSentError, match="no connection: NewConnectionError"):
        RequestsPort().send(Request("POST", f"{unused_url()}/x", body=b"{}"))


class Peer:
    """A server on loopback that reads one request a connection, writes some bytes, and hangs up.

    Args:
        said: What is written, connection by connection; None resets the connection.

        tls: Speaks TLS, with this context.

        in_clear: Stops to speak TLS before it answers.
    """

    def __init__(self, *said, tls=None, in_clear=False):
        self._said, self._tls, self._in_clear = said, tls, in_clear
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(5)
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self.heard = []
        self.hung_up = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._thread.join(10)
        self._listener.close()

    def _serve(self):
        for said in self._said:
            try:
                connection, _ = self._listener.accept()
                with connection:
                    self._answer(connection, said)
            except OSError:
                self.heard.append(b"")  # the client did not like our certificate, or never came
            self.hung_up.release()

    def _answer(self, connection, said):
        connection.settimeout(5)
        talking = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
        self.heard.append(whole_request(talking))
        if self._in_clear:
            talking = socket.socket(fileno=talking.detach())
        if said is None:
            talking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        else:
            talking.sendall(said)
        talking.close()


def whole_request(connection):
    """One request, with its body."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += more(connection)
    length = int(header(heard, "Content-Length") or 0)
    while len(heard.partition(b"\r\n\r\n")[2]) < length:
        heard += more(connection)
    return heard


def more(connection):
    """The next bytes."""
    data = connection.recv(65536)
    if not data:
        raise ConnectionError
    return data


def header(request, name):
    """The value of a header, None without one."""
    _, found, rest = request.lower().partition(b"\r\n" + name.lower().encode() + b": ")
    return rest.split(b"\r\n")[0].decode() if found else None


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"
NOT_GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
TROUBLES = {"hung up": b"", "reset": None, "cut": CUT, "no HTTP": b"what?\r\n\r\n", "undecodable": NOT_GZIP}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("body", [b"{}", None], ids=["body", "no body"])
def test_a_post_that_was_read_and_not_answered_well_is_no_answer(trouble, body):
    """The server has seen it, and sees it once."""
    with Peer(TROUBLES[trouble]) as peer, pytest.raises(NoAnswerError):
        RequestsPort().send(Request("POST", f"{peer.url}/x", body=body))

    assert [(body or b"")] == [heard.partition(b"\r\n\r\n")[2] for heard in peer.heard]
    assert str(len(body or b"")) == header(peer.heard[0], "Content-Length")


def test_a_silent_server_is_no_answer():
    """After the timeout for reading."""
    port = RequestsPort(timeout_s=(1.0, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        request = Request("POST", f"http://127.0.0.1:{silent.getsockname()[1]}/x", body=b"{}")
        with pytest.raises(NoAnswerError, match="ReadTimeoutError"):
            port.send(request)


def test_a_redirect_is_an_answer_and_not_followed():
    """A POST is not sent a second time on somebody's word."""
    with Peer(b"HTTP/1.1 307 T\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n") as peer:
        answer = RequestsPort().send(Request("POST", f"{peer.url}/x", (("a", "b c"),), token="t"))

    assert answer.status == 307
    assert peer.heard[0].startswith(b"POST /x?a=b+c HTTP/1.1\r\n")
    assert b"Authorization: Bearer t" in peer.heard[0]


def test_a_request_says_no_more_than_it_must(monkeypatch, tmp_path):
    """No password of a `.netrc` or of the URL, and no cookie of an earlier answer."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password lovelace")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    cookie = OK.replace(b"\r\n", b"\r\nSet-Cookie: a=b\r\nConnection: close\r\n", 1)
    port = RequestsPort()
    with Peer(cookie, cookie) as peer:
        for _ in range(2):
            port.send(Request("GET", f"http://me:secret@127.0.0.1:{peer.port}?q#part", headers={"A": "b"}))

    said = [sorted(heard.decode().strip().split("\r\n")) for heard in peer.heard]
    assert [
        ["A: b", "Accept-Encoding: gzip", "GET /?q HTTP/1.1", f"Host: 127.0.0.1:{peer.port}", "User-Agent: …"]
    ] * 2 == [[line if "User-Agent" not in line else "User-Agent: …" for line in lines] for lines in said]


def test_a_compressed_answer_is_decoded():
    """Whoever reads it needs not know."""
    body = gzip.compress(b'{"data": 1}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nX-A: b\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Peer(head + body) as peer:
        answer = RequestsPort().send(Request("GET", f"{peer.url}/x"))

    assert (200, b'{"data": 1}', "b") == (answer.status, answer.body, answer.headers.get("x-a"))


def test_a_connection_that_was_closed_while_idle_is_not_used():
    """So a POST does not vanish into it."""
    port = RequestsPort()
    with Peer(OK, OK) as peer:
        for _ in range(2):
            assert port.send(Request("POST", f"{peer.url}/x", body=b"{}")).status == 200
            peer.hung_up.acquire(timeout=5)

    assert [b"{}", b"{}"] == [heard.partition(b"\r\n\r\n")[2] for heard in peer.heard]


def test_threads_share_one_pool_for_each_server():
    """Though they all begin at once."""
    port = RequestsPort()
    with Peer(*[LAST] * 8) as peer, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: port.send(Request("GET", f"{peer.url}/x")), range(8)))
    port.close()

    assert [200] * 8 == [answer.status for answer in answers]
    assert {} == port._routes


def test_no_more_connections_are_open_than_there_are_in_the_pool():
    """Further requests wait for one: a server that is asked by many threads at once is not overrun."""
    third, seen, open_now = threading.Event(), [], set()

    class Meeting(socketserver.BaseRequestHandler):
        def handle(self):
            open_now.add(self)
            whole_request(self.request)
            seen.append(len(open_now))
            if len(open_now) > 2:
                third.set()
            third.wait(0.1)  # time for a third one to come, if there can be one
            open_now.discard(self)
            self.request.sendall(LAST)

    port = RequestsPort(connections=2)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Meeting) as server, ThreadPoolExecutor(8) as pool:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/x"
        answers = list(pool.map(lambda _: port.send(Request("GET", url)), range(8)))
        server.shutdown()
        thread.join(10)
    port.close()

    assert ([200] * 8, 2) == ([answer.status for answer in answers], max(seen))


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    """For a plain request it is told the whole URL."""
    with Peer(OK) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://ada:lovelace@127.0.0.1:{proxy.port}")
        answer = RequestsPort().send(Request("GET", "http://pcs.test/x?a=b"))

    assert answer.status == 200
    assert proxy.heard[0].startswith(b"GET http://pcs.test/x?a=b HTTP/1.1\r\n")
    assert header(proxy.heard[0], "Host") == "pcs.test"
    assert header(proxy.heard[0], "Proxy-Authorization") is not None


def test_a_proxy_is_asked_for_a_tunnel_without_our_token(monkeypatch):
    """TLS ends at the server; a proxy that refuses has seen nothing."""
    with Peer(b"HTTP/1.1 403 No\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(NotSentError):
            RequestsPort().send(Request("POST", "https://pcs.test/x", body=b"{}", token=SECRET))

    assert proxy.heard[0].startswith(b"CONNECT pcs.test:443 HTTP/1.")
    assert SECRET.encode() not in proxy.heard[0]


def test_loopback_and_what_the_environment_excludes_need_no_proxy(monkeypatch):
    """NO_PROXY is respected as `requests` does."""
    monkeypatch.setenv("HTTP_PROXY", unused_url())
    with Peer(OK) as peer:
        assert RequestsPort().send(Request("GET", f"{peer.url}/x")).status == 200
    monkeypatch.setenv("NO_PROXY", "pcs.test")
    route, target = RequestsPort()._way(Request("GET", "http://pcs.test/x"))

    assert (None, "/x") == (route.pool.proxy, target)


@pytest.mark.parametrize("said", [b"", None], ids=["hung up", "reset"])
def test_a_proxy_that_fails_after_reading_a_post_may_have_passed_it_on(monkeypatch, said):
    """The library calls it a failed connection to the proxy; but it was read."""
    with Peer(said) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(NoAnswerError):
            RequestsPort().send(Request("POST", "http://pcs.test/x", body=b"{}"))

    assert [b"{}"] == [heard.partition(b"\r\n\r\n")[2] for heard in proxy.heard]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for loopback that nobody trusts, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    kind = ("-newkey", "rsa:2048", "-nodes", "-addext", "keyUsage=digitalSignature,keyCertSign", "-days", "2")
    files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem"))
    subprocess.run([openssl, "req", "-x509", *kind, *names, *files], check=True, capture_output=True)
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def tls(certificate):
    """TLS as the server speaks it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.mark.parametrize("verify", [True, False])
def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(tls, verify):
    """There is no way to switch that off."""
    with Peer(OK, tls=tls) as peer, pytest.raises(NotSentError, match="SSLCertVerificationError"):
        RequestsPort(verify=verify).send(Request("POST", f"{peer.url}/x", body=b"{}", token=SECRET))

    assert [b""] == peer.heard


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_of_the_environment_is_trusted(tls, certificate, monkeypatch, name):
    """As `requests` does."""
    monkeypatch.setenv(name, str(certificate[0]))
    with Peer(OK, tls=tls) as peer:
        assert RequestsPort().send(Request("GET", f"{peer.url}/x")).status == 200


def test_a_ca_bundle_that_was_given_wins(tls, certificate, monkeypatch):
    """Over the environment's, which may be of another cloud."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    with Peer(OK, tls=tls) as peer:
        assert RequestsPort(verify=str(certificate[0])).send(Request("GET", f"{peer.url}/x")).status == 200
        with pytest.raises(NotSentError, match=r"no certificates can be read from /nowhere/bundle\.pem"):
            RequestsPort().send(Request("GET", f"{peer.url}/x"))


def test_tls_that_breaks_after_a_post_was_read_is_no_answer(tls, certificate):
    """An error of TLS is not always one of the handshake."""
    with Peer(OK, tls=tls, in_clear=True) as peer, pytest.raises(NoAnswerError, match="SSLError"):
        RequestsPort(verify=str(certificate[0])).send(Request("POST", f"{peer.url}/x", body=b"{}"))

    assert [b"{}"] == [heard.partition(b"\r\n\r\n")[2] for heard in peer.heard]


def shown(error):
    """All that Python can show of an error, the values of local variables included."""
    text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    return text + repr(error)


@pytest.mark.parametrize("trouble", [*TROUBLES, "refused", "no token"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_token_is_not_in_a_traceback(trouble, method):
    """Though the libraries' frames hold the headers; type and text of their error stay."""
    end = "\n" if trouble == "no token" else ""
    with Peer(*([TROUBLES[trouble]] if trouble in TROUBLES else [])) as peer:
        url = peer.url if trouble in TROUBLES else unused_url()
        with pytest.raises((NotSentError, NoAnswerError)) as caught:
            RequestsPort().send(Request(method, f"{url}/x", body=b"{}", token=SECRET + end))

    text = shown(caught.value)
    assert SECRET not in text
    assert trouble == "no token" or f"urllib3.exceptions.{type(caught.value.__cause__).__name__}: " in text
