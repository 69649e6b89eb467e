"""The command `tongzheng`. Each verb's code is imported when it is called, so that `--help` is quick."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tongzheng.site.words import complain, told

HOME = "tongzheng.site"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code: 0 done, 1 not done (the reason is printed), 2 not understood."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if not hasattr(chosen, "call"):
        parser.print_help()
        return 2
    module, function = chosen.call.rsplit(".", 1)
    try:
        return int(getattr(import_module(f"{HOME}.{module}"), function)(chosen) or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if not _expected(error):
            raise
        complain(f"不成：{error}", f"Not done: {error}")
        for name, words in (getattr(error, "fields", None) or {}).items():
            complain(f"  {name}：{words}", f"  {name}: {words}")
        return 1


def _expected(error: Exception) -> bool:
    """Tell whether an error is one whose words are meant for the operator."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"CannotStart", "NoServer", "BadArchive", "Fault", "OperationalError", "Unanswered"})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tongzheng",
        description=told(
            "通政：一座城市的开源数字政府", "Tongzheng: the open-source digital government of a city"
        ),
        epilog=told(
            "环境变量：TONGZHENG_DATA 数据目录（默认 var/），TONGZHENG_PORT 端口（默认 8000），DATABASE_URL 已有的数据库。",
            "Environment: TONGZHENG_DATA the data folder (var/), TONGZHENG_PORT the port (8000), DATABASE_URL a "
            "database of yours.",
        ),
    )
    verbs = parser.add_subparsers(metavar=told("命令", "verb"))

    def verb(name: str, call: str, zh: str, en: str) -> argparse.ArgumentParser:
        found = verbs.add_parser(name, help=told(zh, en), description=told(zh, en))
        found.set_defaults(call=call)
        return found

    for name, zh, en in (
        ("up", "启动整座城市：数据库、网页、后台任务", "start the whole city: database, web, worker"),
        ("demo", "启动并装入演示城市", "start, and load the demo city"),
    ):
        up = verb(name, f"command_city.{name}", zh, en)
        up.add_argument("--port", type=int, default=int(os.environ.get("TONGZHENG_PORT") or 8000))
        up.add_argument("--bind", default=os.environ.get("TONGZHENG_BIND") or "127.0.0.1")
        up.add_argument("--workers", type=int, default=int(os.environ.get("TONGZHENG_WORKERS") or 0))
        up.add_argument("--log", type=Path, help=told("日志写入文件", "write the log to a file"))
        if name == "demo":
            up.add_argument("--size", type=float, default=float(os.environ.get("TONGZHENG_DEMO_SIZE") or 1.0))
    load = verb(
        "load-demo",
        "command_city.load_demo",
        "只装入演示城市（由 demo 调用）",
        "only load the demo city (demo does)",
    )
    load.add_argument("--size", type=float, default=1.0)
    verb(
        "worker",
        "command_city.worker",
        "后台任务进程（由 up 启动）",
        "the process for work beside requests (up starts it)",
    )
    verb("migrate", "command_city.migrate", "更新数据表", "bring the tables up to date")
    verb(
        "check", "command_care.check", "检查配置与外部依赖", "check the configuration and everything outside"
    )
    verb(
        "inspect",
        "command_build.inspect",
        "检查所有系统的声明与代码",
        "inspect the declarations and code of all systems",
    )
    new = verb("new", "command_build.new", "新建一个系统", "make a new system")
    new.add_argument("system", metavar="chapter/slug")
    verb(
        "migrations",
        "command_build.migrations",
        "为改动的数据表写迁移",
        "write the migrations that models lack",
    )
    verb(
        "docs",
        "command_build.docs",
        "由声明生成系统手册",
        "write the handbook of systems from their declarations",
    )
    bench = verb(
        "bench", "command_build.bench", "测量性能并与底线比较", "measure the speed against its floors"
    )
    bench.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    cases = verb("cases", "command_drawn.run", "办件引擎", "the engine of cases")
    whats = cases.add_subparsers(dest="what", required=True, metavar=told("对象", "what"))
    archive = whats.add_parser(
        "verify", help=told("离线核验一个办件档案", "check the archive of a case, offline")
    )
    archive.set_defaults(call="command_cases.verify")
    archive.add_argument("file", type=Path, metavar="FILE")
    archive.add_argument(
        "--key",
        default="",
        help=told("该市公布的账本公钥", "the ledger's public key as the city publishes it"),
    )
    bpmn = whats.add_parser("bpmn", help=told("流程图", "drawn processes"))
    drawn = bpmn.add_subparsers(dest="act", required=True, metavar=told("动作", "act")).add_parser(
        "check",
        help=told(
            "读入流程图：元素数量、往返是否无损、有何问题",
            "read drawings: what is in them, whether they come out as they went in, what is wrong",
        ),
    )
    drawn.add_argument("files", type=Path, nargs="+", metavar="FILE")
    drawn.add_argument("--json", action="store_true", help=told("只输出 JSON", "print JSON only"))

    backup = verb(
        "backup", "command_care.backup", "备份整座城市到一个文件", "write the whole city into one file"
    )
    backup.add_argument("file", type=Path)
    restore = verb("restore", "command_care.restore", "从备份文件恢复", "bring a city back from its backup")
    restore.add_argument("file", type=Path)
    restore.add_argument(
        "--overwrite", action="store_true", help=told("覆盖已有的城市", "replace the city that is there")
    )
    for one in (backup, restore):
        one.add_argument(
            "--passphrase-file",
            type=Path,
            help=told("口令文件，用来加密密钥", "a file with the passphrase that closes the keys"),
        )

    ledger = verb("ledger", "command_care.ledger", "账本", "the ledger")
    ledger.add_argument("what", choices=["verify", "checkpoint"])
    ledger.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help=told("核验时对照在外保存的检查点", "verify: compare with a checkpoint that was kept outside"),
    )
    ledger.add_argument(
        "--contents",
        action="store_true",
        help=told("核验时重算每个文件", "verify: also hash every kept file"),
    )

    rules = verb("rules", "command_rules.tck", "决策规则", "decision rules")
    rules.add_argument(
        "what", choices=["tck"], help=told("运行公开的兼容性测试", "run the public compatibility kit")
    )
    rules.add_argument("path", type=Path, help=told("测试所在的文件夹", "the folder of the tests"))

    users = verb("users", "command_users.run", "账号管理", "accounts")
    acts = users.add_subparsers(dest="act", required=True, metavar=told("动作", "act"))
    lists = acts.add_parser("list", help=told("列出账号", "list accounts"))
    lists.add_argument("--words", default="")
    create = acts.add_parser("create", help=told("新建账号", "make an account"))
    create.add_argument("username")
    create.add_argument("--label", default="", help=told("显示的姓名", "the name that others see"))
    create.add_argument("--kind", choices=["staff", "citizen"], default="staff")
    create.add_argument("--role", default="", help=told("同时授予的角色", "a role to give at once"))
    create.add_argument(
        "--organisation", default="", help=told("岗位所在机构：编号或名称", "where: number or name")
    )
    create.add_argument(
        "--region",
        default="",
        help=told(
            "区划代码：机构还没有时，在这里登记它",
            "a region's code: enter the organisation there if it is new",
        ),
    )
    create.add_argument("--post", default="", help=told("岗位名称", "the title of the post"))
    for act, zh, en in (
        ("password", "重设密码", "set a new password"),
        ("unlock", "解除锁定", "unlock after too many attempts"),
    ):
        acts.add_parser(act, help=told(zh, en)).add_argument("username")
    return parser


if __name__ == "__main__":
    sys.exit(main())
