"""What the archive of a case says about itself, so that it can be checked in fifty years without this program."""

from __future__ import annotations

FORMAT = "tongzheng-case-archive/1"

README = """通政办件档案 · Archive of a case of Tongzheng
================================================

格式 Format: {format}
办件 Case: {number}
出具 Made: {at}

里面有什么
  case.pdf            给人看的办件档案
  case.json           同样的内容，供程序读取
  files/              附件，文件名以其 SHA-256（或 SM3）摘要的前 12 位开头
  ledger/*.json       账本里有关本件的每一条记录，连同包含证明
  ledger/key.txt      账本公钥（名称+指纹+公钥）；请与该市公布的公钥核对
  manifest.json       以上每个文件的 SHA-256 与大小

怎样核验（不需要联网，也不需要本程序）
  1. 逐个计算文件的 SHA-256，与 manifest.json 相同，不多也不少。
  2. ledger/*.json 的 content 是记录原文（UTF-8）。digest = HASH(content)。
     leaf = HASH(0x00 ‖ 8 字节大端 entry_id ‖ digest)；按 RFC 9162 第 2.1.3.2 节，用 place、size、path 由 leaf 算出树根。
     HASH 是检查点里 "hash" 一行写明的 sha256 或 sm3。
  3. note 是签名检查点（C2SP signed-note）：第二行为条数，第三行为树根（base64），应与上一步相同；
     以 ledger/key.txt 的 Ed25519 公钥验签（公钥首字节 0x01 为算法）。
  4. 记录 content 的 body 里：note 是意见的 SHA-256，files 是附件摘要，应与 case.json 和 files/ 相符；
     case.json 里每一步都应有一条账本记录。
  有本程序时：tongzheng cases verify 文件

What is in it
  case.pdf            the case for people
  case.json           the same for programs
  files/              attachments, named by the first 12 digits of their digest
  ledger/*.json       every ledger entry about the case with its proof of inclusion
  ledger/key.txt      the ledger's public key (name+fingerprint+key); compare it with the one the city publishes
  manifest.json       SHA-256 and size of every file above

How to check it, without network and without this program
  1. The SHA-256 of every file equals that in manifest.json; none is missing, none is added.
  2. In ledger/*.json `content` is the entry itself (UTF-8). digest = HASH(content);
     leaf = HASH(0x00 ‖ entry_id as 8 bytes big-endian ‖ digest); RFC 9162 section 2.1.3.2 gives the root from leaf,
     place, size and path. HASH is the one named in the checkpoint's line "hash": sha256 or sm3.
  3. `note` is the signed checkpoint (C2SP signed-note): its second line is the size, its third the root (base64), as
     found above; the signature is Ed25519 under the key of ledger/key.txt (first byte 0x01: the algorithm).
  4. In an entry's body `note` is the SHA-256 of what was written, `files` are digests of attachments: they fit
     case.json and files/. Every step in case.json has its entry.
  With this program: tongzheng cases verify FILE
"""
