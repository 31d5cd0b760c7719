"""URLs of nodes: what is shown of them, and what is hidden in the words of others."""

import pickle

import pytest

from papertrader_tui.chain.url import NodeUrl

SECRETS = (
    "https://eth-mainnet.example.org/v2/abcDEF_123456789",
    "https://user:hunter2hunter2@node.example.org/",
    "https://node.example.org/?apikey=abcdef0123456789",
    "https://node.example.org:8545/rpc/0123456789abcdef#x",
    "https://[2001:db8::1]:8545/k3yk3y",
)


@pytest.mark.parametrize("text", SECRETS)
def test_only_the_host_is_shown(text: str):
    url = NodeUrl(text)
    host = text.partition("//")[2].rpartition("@")[2].partition("/")[0]
    assert {str(url), repr(url), f"{url}", url.host} == {host}
    assert url.reveal() == text
    with pytest.raises(TypeError):
        pickle.dumps(url)


@pytest.mark.parametrize("text", SECRETS)
def test_a_key_is_hidden_wherever_a_node_repeats_it(text: str):
    url = NodeUrl(text)
    rest = text.partition("//")[2]
    keys = ("abcDEF_123456789", "hunter2hunter2", "abcdef0123456789", "0123456789abcdef", "k3yk3y")
    for piece in keys:
        if piece in rest:
            assert piece not in url.redact(f"no project {piece}, see {text}")
            assert "no project ***" in url.redact(f"no project {piece}")


def test_words_that_are_no_keys_stay():
    url = NodeUrl("https://node.example.org/rpc/v2/arbitrum")
    assert url.redact("arbitrum rpc v2 is down") == "arbitrum rpc v2 is down"


def test_this_machine_is_told_apart_no_proxy_leads_there():
    assert NodeUrl("http://127.0.0.1:8545").local
    assert NodeUrl("http://localhost/").local
    assert NodeUrl("http://[::1]:8545").local
    assert not NodeUrl("https://node.example.org").local


@pytest.mark.parametrize(
    "text",
    ["", "node.example.org", "ftp://x", "https://", "http://host:0", "http://a b", "http://h:x/",
     "https://h/\x1b[0m"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_and_not_repeated(text: str):
    with pytest.raises(ValueError, match="begins with http") as caught:
        NodeUrl(text)
    assert text in ("", "https://") or text not in str(caught.value)


def test_a_websocket_is_told_to_be_http():
    with pytest.raises(ValueError, match="instead of its ws"):
        NodeUrl("wss://node.example.org/key")


def test_urls_compare_whole():
    assert NodeUrl("http://h/a") == NodeUrl("http://h/a")
    assert len({NodeUrl("http://h/a"), NodeUrl("http://h/b"), NodeUrl("http://h/a")}) == 2
