"""Addresses that go wrong in every way, for the tests of what a person then sees."""

import errno

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path

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
    "disk": OSError(errno.ENOSPC, "No space left on device"),
    "file": OSError(errno.EACCES, "secret path"),
}


def broken(request, number):
    raise FAULTS[number]


def other(request, name):
    raise OTHERS[name]


def accepted(request):
    return HttpResponseRedirect("/done/") if request.POST.get("name") else HttpResponse("hints", status=422)


urlpatterns = [
    path("broken/<int:number>/", broken),
    path("api/broken/<int:number>/", broken),
    path("other/<str:name>/", other),
    path("accepted/", accepted),
    *real,
]
