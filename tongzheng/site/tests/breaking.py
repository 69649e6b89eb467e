"""Addresses that go wrong in every way, for the tests of what a person then sees."""

import errno
import time

import psycopg
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, HttpResponseRedirect
from django.template import engines
from django.urls import path
from psycopg_pool import PoolTimeout

from tongzheng.kernel.core import errors
from tongzheng.kernel.core.text import T
from tongzheng.site.urls import *  # noqa: F403
from tongzheng.site.urls import urlpatterns as real

FAULTS = {
    400: errors.Fault(),
    401: errors.SignInNeeded(),
    403: errors.Refused(T("您没有“派单”这项权限", "You may not dispatch")),
    404: errors.Missing(),
    409: errors.Conflict(),
    413: errors.TooLarge(),
    415: errors.BadFile(T("这个文件是程序", "This file is a program")),
    422: errors.Invalid(fields={"name": T("请填写姓名", "Enter a name")}),
    429: errors.Throttled(),
    500: ZeroDivisionError("secret detail"),
    503: errors.Unavailable(),
    507: errors.StorageFull(),
}
OTHERS = {
    "database": OperationalError("connection to server at 10.0.0.1 failed"),
    "cursor": InterfaceError("connection already closed"),
    "driver": psycopg.OperationalError("the connection is lost"),
    "pool": PoolTimeout("couldn't get a connection after 2.00 sec"),
    "disk": OSError(errno.ENOSPC, "No space left on device"),
    "file": OSError(errno.EACCES, "secret path"),
}


def broken(request, number):
    raise FAULTS[number]


def other(request, name):
    raise OTHERS[name]


def accepted(request):
    return HttpResponseRedirect("/done/") if request.POST.get("name") else HttpResponse("hints", status=422)


POSTS: list[dict[str, str]] = []
FORM = """{% extends "shell/portal.html" %}{% block main %}
<form method="post" action="/form/" data-keep enctype="multipart/form-data">
{% csrf_token %}{% errors slips %}
{% field "name" "name" value=name %}{% field "secret" "secret" private=True required=False %}
{% field "word" "word" "password" required=False %}{% field "story" "story" "long" required=False %}
{% field "village" "village" "combobox" url="/pieces/options" required=False %}
{% drop "plan" "plan" limit=1048576 %}
<button class="primary">send</button></form>{% endblock %}"""


def form(request):
    name = request.POST.get("name", "")
    if request.method == "POST":
        POSTS.append({**request.POST.dict(), "files": str(len(request.FILES))})
        time.sleep(0.3)
        if name == "down":
            raise OTHERS["database"]
        if name != "bad":
            return HttpResponseRedirect("/done/")
    slips = {"name": T("不对", "Wrong")} if name == "bad" else {}
    page = engines["django"].from_string(FORM).render({"slips": slips, "name": name}, request)
    return HttpResponse(page, status=422 if slips else 200)


def done(request):
    page = '{% extends "shell/portal.html" %}{% block main %}<h1>done</h1>{% endblock %}'
    return HttpResponse(engines["django"].from_string(page).render({}, request))


urlpatterns = [
    path("form/", form),
    path("done/", done),
    path("broken/<int:number>/", broken),
    path("api/broken/<int:number>/", broken),
    path("other/<str:name>/", other),
    path("accepted/", accepted),
    *real,
]
