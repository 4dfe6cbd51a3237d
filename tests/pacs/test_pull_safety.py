"""A password reaches only the server it is for, and a hostile server writes nothing of its own."""

import os

import pytest

from cctrack.cli.main import EXIT_USAGE, main
from cctrack.errors import TransferFailed
from cctrack.io.pacs.address import server_at
from cctrack.io.pacs.credentials import find_credential

SECRET = "correct-horse"


def test_a_redirect_on_the_same_host_is_followed_but_not_for_ever(serve, make, pulling, tmp_path):
    running = serve()
    images = running.pacs.images
    running.pacs.answers["studies"] = lambda request: make.send(
        request, b"", status=307, Location="/dicom-web/v2/studies2"
    )
    running.pacs.answers["studies2"] = lambda request: make.send_list(
        request, [{"0020000D": images.study}]
    )
    assert pulling(running.url, images.study, tmp_path / "out") == 0
    running.pacs.answers["studies2"] = running.pacs.answers["studies"]
    assert pulling(running.url, images.study, tmp_path / "out") == 1
    assert "redirects more than 3 times" in pulling.lines[0]


@pytest.mark.parametrize(
    ("name", "made", "words"),
    [
        ("stranger", {}, "not trusted; --ca gives"),
        ("expired", {"days": -1}, "has expired"),
        ("other-host", {"address": "127.0.0.2"}, "belongs to another host"),
    ],
)
def test_a_wrong_certificate_is_one_line(serve, pulling, certificates, tmp_path, name, made, words):
    certificate, key = certificates(name, **made)
    running = serve(tls=(certificate, key))
    more = () if name == "stranger" else ("--ca", str(certificate))
    assert pulling(running.url, running.pacs.images.study, tmp_path / "out", *more) == 1
    assert len(pulling.lines) == 1
    assert words in pulling.lines[0]
    assert running.pacs.asked == []


def test_the_hospitals_own_authority_is_trusted_whatever_the_environment_says(
    serve, pulling, certificates, tmp_path, monkeypatch
):
    certificate, key = certificates("hospital")
    other, _ = certificates("another-authority")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    running = serve(tls=(certificate, key))
    study = running.pacs.images.study
    assert pulling(running.url, study, tmp_path / "out", "--ca", str(certificate)) == 0
    assert pulling(running.url, study, tmp_path / "out", "--ca", str(other)) == 1
    assert "not trusted" in pulling.lines[0]


def test_https_where_http_is_spoken_is_one_line(serve, pulling, tmp_path):
    running = serve()
    url = running.url.replace("http:", "https:")
    assert pulling(url, "1.2.3", tmp_path / "out") == 1
    assert "no secure connection" in pulling.lines[0]


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_ca_file_without_certificates_is_refused(serve, pulling, tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    assert pulling(serve().url, "1.2.3", tmp_path / "out", "--ca", str(file)) == 1
    assert "the CA file" in pulling.lines[0]
    assert str(tmp_path) not in pulling.lines[0]


@pytest.mark.parametrize("uid", ["../../../evil", "1.2/../../3", "", "1.2.\n3", "9" * 65, None, 7])
def test_hostile_uids_write_nothing_outside_the_folder(serve, make, pulling, tmp_path, uid):
    running = serve()
    running.pacs.answers["instances"] = lambda request: make.send_list(request, [{"00080018": uid}])
    before = set(tmp_path.rglob("*"))
    assert pulling(running.url, running.pacs.images.study, tmp_path / "out") == 1
    assert "whose UID is none" in pulling.lines[0]
    assert set(tmp_path.rglob("*")) == before


def test_an_answer_above_the_cap_is_refused_while_it_comes(
    serve, make, pulling, tmp_path, monkeypatch
):
    monkeypatch.setattr("cctrack.io.pacs.pull.MAX_INSTANCE_BYTES", 1 << 20)
    running = serve()
    running.pacs.answers["wado"] = lambda request: make.send(
        request, bytes(3 << 20), make.MULTIPART
    )
    assert pulling(running.url, running.pacs.images.study, tmp_path / "out") == 1
    assert "longer than 1 MiB" in pulling.lines[0]


def sent_authorization(pacs):
    return {headers.get("Authorization") for headers in pacs.headers}


def test_a_token_is_sent_to_the_server_and_shown_nowhere(serve, pulling, monkeypatch, tmp_path):
    monkeypatch.setenv("CCTRACK_PACS_TOKEN", SECRET)
    running = serve()
    study = running.pacs.images.study
    assert pulling(running.url, study, tmp_path / "out", "--json") == 0
    assert sent_authorization(running.pacs) == {f"Bearer {SECRET}"}
    assert SECRET not in pulling.out
    assert SECRET not in repr(find_credential(server_at(running.url), None, os.environ))


def test_a_password_file_of_its_owner_is_used(serve, pulling, tmp_path):
    file = tmp_path / "pacs.toml"
    file.write_text(f'user = "reader"\npassword = "{SECRET}"\n', encoding="utf-8")
    file.chmod(0o600)
    running = serve()
    more = ("--credentials", str(file))
    assert pulling(running.url, running.pacs.images.study, tmp_path / "out", *more) == 0
    assert sent_authorization(running.pacs) == {"Basic cmVhZGVyOmNvcnJlY3QtaG9yc2U="}


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_password_file_that_others_can_read_is_refused(serve, pulling, tmp_path, mode):
    file = tmp_path / "pacs.toml"
    file.write_text(f'token = "{SECRET}"', encoding="utf-8")
    file.chmod(mode)
    running = serve()
    assert pulling(running.url, "1.2.3", tmp_path / "out", "--credentials", str(file)) == 1
    assert "others can read" in pulling.lines[0]
    assert running.pacs.asked == []


@pytest.mark.parametrize("content", [f"password {SECRET}", 'user = "reader"', "", "token = 1"])
def test_a_password_file_without_a_credential_is_refused_without_quoting_it(
    serve, pulling, tmp_path, content
):
    file = tmp_path / "pacs.toml"
    file.write_text(content, encoding="utf-8")
    file.chmod(0o600)
    assert pulling(serve().url, "1.2.3", tmp_path / "out", "--credentials", str(file)) == 1
    assert "the credentials file" in pulling.lines[0]
    assert SECRET not in pulling.lines[0]


def test_a_password_from_the_keyring_is_used(monkeypatch):
    keyring = pytest.importorskip("keyring")
    from keyring.credentials import SimpleCredential

    asked = []

    def kept(service, user):
        asked.append((service, user))
        return SimpleCredential("reader", SECRET)

    monkeypatch.setattr(keyring, "get_credential", kept)
    found = find_credential(server_at("https://pacs.example.org/dicom-web"), None, {})
    assert found is not None
    assert found.header == "Basic cmVhZGVyOmNvcnJlY3QtaG9yc2U="
    assert asked == [("cctrack https://pacs.example.org:443", None)]


@pytest.mark.parametrize("host", ["pacs.example.org", "10.0.0.7", "127.0.0.1.example.org"])
def test_a_password_never_travels_over_http_to_another_machine(host):
    with pytest.raises(TransferFailed, match="unprotected over http"):
        find_credential(server_at(f"http://{host}/dicom-web"), None, {"CCTRACK_PACS_TOKEN": SECRET})


@pytest.mark.parametrize(
    "url",
    [
        f"https://reader:{SECRET}@pacs.example.org/dicom-web",
        f"https://{SECRET}@pacs.example.org",
        f"ftp://pacs.example.org/{SECRET}",
        f"https://pacs.example.org/?key={SECRET}",
        f"https:///{SECRET}",
        f"https://[{SECRET}",
        f"https://pacs.example.org:{SECRET}/",
    ],
)
def test_a_url_that_cannot_be_used_is_wrong_usage_and_is_not_repeated(url, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["pull", url, "--study-uid", "1.2.3", "--out", "x"])
    assert stop.value.code == EXIT_USAGE
    assert SECRET not in capsys.readouterr().err


@pytest.mark.parametrize("uid", ["", "1.2/../3", "1..2", "a", "1" * 65])
def test_a_uid_that_is_none_is_wrong_usage(uid):
    with pytest.raises(SystemExit) as stop:
        main(["pull", "https://pacs.example.org", "--study-uid", uid, "--out", "x"])
    assert stop.value.code == EXIT_USAGE


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_never_carries_the_password(
    serve, make, pulling, monkeypatch, tmp_path, status
):
    monkeypatch.setenv("CCTRACK_PACS_TOKEN", SECRET)
    running, trap = serve(), serve()
    running.pacs.answers["studies"] = lambda request: make.send(
        request, b"", status=status, Location=f"{trap.url}/studies"
    )
    assert pulling(running.url, running.pacs.images.study, tmp_path / "out") == 1
    assert "redirects to another" in pulling.lines[0]
    assert trap.pacs.asked == []


def test_a_netrc_file_is_not_used(serve, pulling, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login reader password {SECRET}", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    running = serve()
    assert pulling(running.url, running.pacs.images.study, tmp_path / "out") == 0
    assert sent_authorization(running.pacs) == {None}


def test_missing_libraries_are_one_line_that_says_what_to_install(pulling, monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "requests", None)
    assert pulling("https://pacs.example.org", "1.2.3", tmp_path / "out") == 1
    assert len(pulling.lines) == 1
    assert "install the extra pacs" in pulling.lines[0]
