"""A campus's sign-in service for tests: Django OAuth Toolkit, as it comes, with people who have passwords there. It asks for PKCE, and shows a page for the sign-in.

    campus_provider.py PORT FOLDER CALLBACK    (prints `ready` when it serves; ends with its standard input)
"""
import os
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

port, folder, callback = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
issuer = f"http://127.0.0.1:{port}/o"
CLIENT, SECRET = "callslip-solo", "a secret: of 100 %"
PEOPLE = {"mm123": "campus-password-1", "stranger9": "campus-password-2", "vv77": "campus-password-3"}

key = rsa.generate_private_key(65537, 2048)
pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
# The toolkit itself speaks of plain HTTP to this machine alone.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
settings.configure(
    SECRET_KEY="for tests alone", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, USE_TZ=True, LOGIN_URL="/login/",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "campus.sqlite"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {
            "registration/login.html": "<!doctype html><html lang=en><title>Campus</title><form method=post>{% csrf_token %}<label>Name <input name=username></label>"
                                       "<label>Password <input name=password type=password></label><button>Go on</button></form></html>"})],
                    "context_processors": ["django.contrib.auth.context_processors.auth", "django.template.context_processors.request"]},
    }],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True, "OIDC_RSA_PRIVATE_KEY": pem, "OIDC_ISS_ENDPOINT": issuer, "PKCE_REQUIRED": True,
        "SCOPES": {"openid": "who you are", "profile": "what you are called"}, "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https"],
        "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Validator",
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
sys.modules["campus_provider"] = sys.modules[__name__]
django.setup()

from django.contrib.auth import get_user_model, views  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402


class Validator(OAuth2Validator):
    oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "preferred_username": "profile"}

    def get_additional_claims(self):
        return {"preferred_username": lambda request: request.user.username}


urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("login/", views.LoginView.as_view()),
]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    for name, password in PEOPLE.items():
        get_user_model().objects.create_user(name, password=password)
    get_application_model().objects.create(
        client_id=CLIENT, client_secret=SECRET, client_type="confidential", authorization_grant_type="authorization-code",
        redirect_uris=callback, algorithm="RS256", skip_authorization=True, name="Callslip")
    server = make_server("127.0.0.1", port, get_wsgi_application(), server_class=Server, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
