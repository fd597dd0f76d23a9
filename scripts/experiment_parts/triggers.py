"""Theme B and E6: what sets it off, and from where (O10 to O13, O19)."""

from . import drawings, hellos
from .model import ALL_CELLS, Experiment, Negative, Outcome, Published
from .sessions import bulk, send, session
from .throttling import BOOK, HELLO, OFF

CELLS = dict(low=1, high=1, unit=ALL_CELLS)
EPOCHS = ("twitter-2021-03-10", "twitter-2021-03-11", "twitter-2021-04-02")
# Facts B5 to B7: throttled in each of the three epochs; None where nothing was stated.
MATRIX = {
    "t.co": (True, True, True), "reddit.com": (True, False, False), "microsoft.com": (True, False, False),
    "xt.coy.example": (True, False, False), "abs.twimg.com": (True, True, True), "garbage.twimg.com": (True, True, True),
    "twitter.com": (True, True, True), "www.twitter.com": (True, True, True), "api.twitter.com": (True, True, True),
    "throttletwitter.com": (True, True, False), "twitter.com.": (None, False, False), "twimg.com": (None, None, None),
    "TWITTER.com": (None, None, None), ".twitter.com": (None, None, None), "example.com": (False, False, False)}

FACTS = {"reddit.com": "B6, B6b", "microsoft.com": "B6, B6b", "xt.coy.example": "B5, B6", "twitter.com.": "B7", "example.com": "B8",
         "abs.twimg.com": "B9"}  # of names; B5 of all others


def cells_outcome(bench, asked):
    cells, odd = bench.cells(asked)
    return Outcome(cells=cells, claims={"every session was clearly slow or clearly fast": not odd}, rows=cell_rows(cells),
                   notes="; ".join(odd), at="receiving program")


def cell_rows(cells):
    """With the speeds that decided, where speeds did."""
    rows = [["case", "published", "measured"], *([c.label, "" if c.expected is None else int(c.expected), int(c.found)] for c in cells)]
    if any(c.kbit_s is not None for c in cells):
        for row, more in zip(rows, ["kbit_per_s", *("" if c.kbit_s is None else c.kbit_s for c in cells)]):
            row.append(more)
    return rows


def hello_alone(bench):
    """O10: all is noise but the hello; and a server's certificate in clear, without a hello of that name."""
    neutral = hellos.client_hello("example.com").data
    return cells_outcome(bench, [
        (session("hello, then noise", [send("client", HELLO.data), send("server", hellos.noise(300)), bulk("server")]), True, "B1"),
        (session("certificate of the name in clear", [send("client", neutral), send("server", hellos.server_flight("twitter.com")),
                                                      bulk("server")]), False, "B4"),
        (session("another name", [send("client", neutral), send("server", hellos.noise(300)), bulk("server")]), False, "B1")])


def hello_from_server(bench):
    """O11."""
    return cells_outcome(bench, [
        (session("from the client", [send("client", HELLO.data), bulk("server")]), True, "B3"),
        (session("from the server", [send("server", HELLO.data), bulk("server")]), True, "B3")])


def initiators(bench):
    """O12: connections from outside are let alone, whoever says hello."""
    asked = [(session("inside opens", [send("client", HELLO.data), bulk("server")]), True, "E6")]
    for port in 443, 7:
        for by in "server", "client":
            steps = [send(by, HELLO.data)]
            if port == 7 and by == "server":
                steps.append(send("client", HELLO.data))  # an echo server's answer
            steps.append(bulk("client"))
            asked.append((session(f"outside opens port {port}, hello from the {by}", steps, opener="server", port=port), False, "E6"))
    return cells_outcome(bench, asked)


def matrix(bench):
    """O13: every name under the three books of the spring of 2021."""
    cells, odd = [], []
    for number, epoch in enumerate(EPOCHS):
        if number > 0:
            bench.switch(epoch)
        found, strange = bench.cells([(session(f"{epoch[-5:]} {name}", [send("client", hellos.client_hello(name).data), bulk("server")]),
                                       expected[number], FACTS.get(name, "B5")) for name, expected in MATRIX.items()])
        cells, odd = cells + found, odd + strange
    return Outcome(cells=cells, claims={"every session was clearly slow or clearly fast": not odd}, rows=cell_rows(cells),
                   notes="; ".join(odd), at="receiving program")


def tunnels(bench):
    """O19: proxies in clear do not hide the inner hello; one inside TLS does."""
    (asked, answer), (asked4, answer4) = hellos.connect("proxied.example"), hellos.socks4()
    greeting, choice, request, granted = hellos.socks5("proxied.example")
    hello = send("client", HELLO.data)
    outer = hellos.client_hello("proxy.example").data
    return cells_outcome(bench, [
        (session("HTTP CONNECT", [send("client", asked), send("server", answer), hello, bulk("server")]), True, "C10"),
        (session("SOCKS5", [send("client", greeting), send("server", choice), send("client", request), send("server", granted), hello,
                            bulk("server")]), True, "C10"),
        (session("SOCKS4", [send("client", asked4), send("server", answer4), hello, bulk("server")]), True, "C10"),
        (session("within TLS", [send("client", outer), send("server", hellos.application_data(900)),
                                send("client", hellos.application_data(len(HELLO.data) + 30)), bulk("server")]), False, "C10")])


EXPERIMENTS = [
    Experiment("O10", "A ClientHello alone sets it off; a certificate does not", ["B1", "B2", "B4"], BOOK,
               Published(**CELLS, source="X21 §6.2; CP21", mark="READ"), hello_alone, OFF),
    Experiment("O11", "It does not matter who sends the ClientHello", ["B3"], BOOK,
               Published(**CELLS, source="X21 §6.2; CP21", mark="READ"), hello_from_server,
               Negative("only clients' hellos are read", [(r'clienthello_from *= *"either"', 'clienthello_from = "client"')])),
    Experiment("O12", "Connections from outside are never throttled", ["E6", "B10", "G1"], BOOK,
               Published(**CELLS, source="X21 §6.5; CP21", mark="READ"), initiators,
               Negative("whoever opened the connection", [(r' *initiator *= *"inside" *;', "")])),
    Experiment("O13", "Which names, in three epochs", ["B5", "B6", "B6b", "B7", "B9"], EPOCHS[0],
               Published(**CELLS, source="X21 §6.3, A.1; CP21", mark="READ"), matrix,
               Negative("t.co exactly, from the first day", [(r'"\*t\.co\*"', '"t.co"')]), figure=drawings.matrix),
    Experiment("O19", "Proxies in clear do not hide the name", ["C10"], BOOK, Published(**CELLS, source="X21 §6.2; CP21", mark="READ"),
               tunnels, Negative("the box looks at one packet", [(r"max_packets *= *\[[^\]]*\]", "max_packets = 1")])),
]
