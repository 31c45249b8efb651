"""One person's session, for as long as the attack takes: an access token lives for five minutes.

The token to begin with is in the variable REFRESH_TOKEN. A refresh token works once, so the latest is kept here; some of the
attacks end sessions, and then the rest of them finds out what somebody is told who is no longer signed in.
"""

import json
import os
import time
import urllib.error
import urllib.request

import schemathesis


# How often the app may ask for patience.
PATIENCE = 60


@schemathesis.auth(refresh_interval=200)
class Session:
    def __init__(self):
        self.refresh = os.environ["REFRESH_TOKEN"]
        self.access = None

    def get(self, case, context):
        request = urllib.request.Request(
            os.environ["ORIGIN"] + "/identity/refresh",
            json.dumps({"refresh_token": self.refresh}).encode(),
            {"content-type": "application/json", "accept": "application/json"},
        )
        for _ in range(PATIENCE):
            try:
                with urllib.request.urlopen(request) as answer:
                    opened = json.load(answer)
                self.refresh, self.access = opened["refresh_token"], opened["access_token"]
            except urllib.error.HTTPError as refused:
                # The attack itself may have used up what one address may ask.
                if refused.code == 429:
                    time.sleep(float(refused.headers["retry-after"]))
                    continue
            break
        return self.access

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["authorization"] = f"Bearer {data}"
