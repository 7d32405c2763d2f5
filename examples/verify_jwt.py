#!/usr/bin/env python3
#
# Copyright (C) 2026 the ngx_llm_cost_module authors

"""A verifier of JWTs (HS256) for auth_request: verify_jwt.py SECRET_FILE [PORT]

Answers 200 with the claim "sub" in X-JWT-Sub, and "team" in X-JWT-Team if
there is one, where the Bearer token's signature is that of the secret, its
time has come and is not over; else 401.  Nothing else is read of a request, and no token is logged.  It prints its port
when it is ready, and ends with its standard input.
"""

import base64
import hashlib
import hmac
import http.server
import json
import sys
import threading
import time


def part(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def verified(token, secret):
    """Subject and team, or None: one algorithm, whatever the token asks for."""

    try:
        head, claims, signature = token.split('.')
        wanted = hmac.new(secret, f'{head}.{claims}'.encode('ascii'),
                          hashlib.sha256).digest()

        if (not hmac.compare_digest(wanted, part(signature))
                or json.loads(part(head)).get('alg') != 'HS256'):
            return None

        claims = json.loads(part(claims))
        now = time.time()
        names = claims['sub'], claims.get('team', '')

        if (not claims['exp'] > now or claims.get('nbf', 0) > now
                or not all(isinstance(name, str) and name.isascii()
                           and name.isprintable() for name in names)):
            return None

        return names
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    secret = b''

    def do_GET(self):
        kind, _, token = self.headers.get('Authorization', '').partition(' ')
        names = verified(token, self.secret) if kind == 'Bearer' else None

        self.send_response(200 if names and names[0] else 401)
        for name, value in zip(('X-JWT-Sub', 'X-JWT-Team'), names or ()):
            if value:
                self.send_header(name, value)
        self.send_header('Content-Length', '0')
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *args):
        pass


def main():
    with open(sys.argv[1], 'rb') as f:
        Handler.secret = f.read().strip()

    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)

    print(server.server_port, flush=True)

    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == '__main__':
    main()
