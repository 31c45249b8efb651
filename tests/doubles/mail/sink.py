"""A mail server for tests: aiosmtpd with STARTTLS and AUTH, and a fault for each answer that a server can give.

    sink.py PORT FOLDER [CERTIFICATE KEY USER PASSWORD]

With a certificate, it takes nothing without TLS and without that user. Each message that it took is a file in FOLDER,
named by how many came before. What it does instead is told by the file FOLDER/fault, for as long as it is there:

    later       451 at the recipient         refused     550 at the recipient
    cut         the connection ends before a message is answered; it was taken
    unheard     the same, and it was not taken
    silent      no answer at all
"""

import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

port, folder, secure = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]


def fault():
    try:
        return (folder / "fault").read_text().strip()
    except FileNotFoundError:
        return ""


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        match fault():
            case "later":
                return "451 4.3.0 try again"
            case "refused":
                return "550 5.1.1 there is no such person"
            case "silent":
                await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        what = fault()
        if what != "unheard":
            number = len(list(folder.glob("*.eml")))
            draft = folder / "draft"
            draft.write_bytes(envelope.original_content)
            draft.rename(folder / f"{number:04}.eml")
        if what in ("cut", "unheard"):
            server.transport.abort()
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    given = (data.login.decode(), data.password.decode())
    return AuthResult(success=given == (secure[2], secure[3]), handled=False)


class Sink(Controller):
    def factory(self):
        options = {"hostname": "sink.example"}
        if secure:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(secure[0], secure[1])
            options |= {
                "tls_context": context,
                "require_starttls": True,
                "auth_required": True,
                "authenticator": authenticate,
            }
        return SMTP(self.handler, **options)


sink = Sink(Handler(), hostname="127.0.0.1", port=port)
sink.start()
sys.stdin.read()
sink.stop()
