"""The composition root: the only place where parts are put together."""

from cybervault.app.access import PEPPER_FILE, Access, People
from cybervault.app.product import Product, open_access, put_together
from cybervault.app.server import create_app, serve_app
from cybervault.app.shelf import KNOWLEDGE_FOLDER, Shelf

__all__ = [
    "KNOWLEDGE_FOLDER",
    "PEPPER_FILE",
    "Access",
    "People",
    "Product",
    "Shelf",
    "create_app",
    "open_access",
    "put_together",
    "serve_app",
]
