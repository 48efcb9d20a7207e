//! The backups behind access to a live shop: real archives and dumps, whole, cut, foreign and hostile, read by
//! the script on a server with two kinds of tools, and on the merchant's computer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::host::{Host, SUITE};
use crate::job::{Story, broken, nothing_happens};
use crate::stage::Ended;

/// What [`back_up`] makes, as it is named.
pub const BACKUP: [&str; 4] =
    ["--backup", "/backup/shop.tar.gz", "--backup", "/backup/shop.sql.gz"];

/// The shop of a throw-away host, which is a Magento without a word about its tables, and a dump of it.
pub fn back_up(host: &Host) {
    host.sh(r"mkdir -p /backup
        tar -czf /backup/shop.tar.gz -C /var/www shop
        {
            printf '%s\n' '-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)'
            for table in core_config_data store sales_order; do
                printf 'CREATE TABLE `%s` (\n  `id` int\n);\nINSERT INTO `%s` VALUES (1);\n' $table $table
            done
            printf '%s\n' '-- Dump completed on 2026-11-30  2:00:00'
        } | gzip >/backup/shop.sql.gz");
}

// ---- the script, on real files -----------------------------------------------------------------

/// A folder with a shop of WordPress in it, and room for backups beside it.
struct Bench {
    folder: tempfile::TempDir,
    tools: Tools,
}

/// Whose tar, gzip, unzip and awk.
#[derive(Clone, Copy, PartialEq)]
enum Tools {
    Gnu,
    Busybox,
}

const CONFIG: &str = "<?php
// $table_prefix = 'old_';
define('DB_PASSWORD', 'a-secret-of-the-shop');
$table_prefix = 'shop_';
";

impl Bench {
    fn new(tools: Tools) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap(), tools };
        bench.sh(
            r#"mkdir -p shop/wp-content/plugins/pay "shop/wp-content/uploads/of may" shop/wp-content/cache bin
            for n in 1 2 3 4 5 6 7 8; do
                echo "<?php // $n" >shop/wp-content/plugins/pay/$n.php
                head -c 3000 /dev/urandom >"shop/wp-content/uploads/of may/$n.jpg"
            done
            head -c 50000 /dev/urandom >shop/wp-content/cache/page
            echo '<?php' >shop/index.php
            {
                echo '-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB'
                for table in options posts users; do
                    printf 'CREATE TABLE `shop_%s` (\n  `id` int\n);\n' $table
                    printf 'INSERT INTO `shop_%s` VALUES ' $table
                    for i in {1..300}; do printf "(%s,'some text in a row')," $i; done
                    printf '(%s);\n' "999,'end'"
                done
                printf '\n-- Dump completed on 2026-11-30  2:00:00\n'
            } >dump.sql"#,
        );
        fs::write(bench.path("shop/wp-config.php"), CONFIG).unwrap();
        if tools == Tools::Busybox {
            bench.sh("for one in $(busybox --list); do ln -s /bin/busybox bin/$one; done");
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a script of the test's own, with this machine's tools.
    #[track_caller]
    fn sh(&self, script: &str) {
        let run = Command::new("bash")
            .args(["-c", &format!("set -eu\n{script}")])
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }

    /// What the script says when it is called like this.
    #[track_caller]
    fn said(&self, call: &str, inputs: &[(&str, &str)]) -> String {
        let quoted = |text: &str| text.replace('\'', r"'\''");
        let inputs: String =
            inputs.iter().map(|(name, value)| format!("{name}='{}'\n", quoted(value))).collect();
        let script = include_str!("../../src/command/backup/server.sh");
        let whole =
            format!("{{ set -eu\n{inputs}\n{script}\n{call}\necho END\nexit 0\n}} </dev/null\n");
        let (shell, path) = match self.tools {
            Tools::Gnu => (PathBuf::from("/bin/sh"), "/usr/sbin:/usr/bin:/sbin:/bin".into()),
            Tools::Busybox => (self.path("bin/sh"), self.path("bin").into_os_string()),
        };
        let file = self.path("script");
        fs::write(&file, whole).unwrap();
        let run = Command::new(shell)
            .env_clear()
            .env("PATH", path)
            .current_dir("/")
            .stdin(fs::File::open(file).unwrap())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(text.ends_with("END\n"), "{text}\n{}", String::from_utf8_lossy(&run.stderr));
        text
    }

    #[track_caller]
    fn shop(&self, folder: &str) -> String {
        let path = self.path(folder);
        let path = path.to_str().unwrap();
        self.said(
            "sp_backup_shop",
            &[("sp_path", path), ("sp_seconds", "60"), ("sp_sample", "200")],
        )
    }

    /// Every line that was said of a file, on one line.
    #[track_caller]
    fn file_within(&self, file: &Path, seconds: &str) -> String {
        let sample: Vec<String> = self
            .shop("shop")
            .lines()
            .filter_map(|line| line.strip_prefix("sample=").map(str::to_owned))
            .collect();
        let inputs = [
            ("sp_backup", file.to_str().unwrap()),
            ("sp_seconds", seconds),
            ("sp_wanted", &sample.join("\n")),
            ("sp_config", "wp-config.php"),
            ("sp_core", "options posts users"),
            ("sp_prefix", "shop_"),
            ("sp_prefix_known", "true"),
        ];
        self.said("sp_backup_file", &inputs).replace('\n', " ")
    }

    #[track_caller]
    fn file(&self, name: &str) -> String {
        self.file_within(&self.path(name), "60")
    }
}

#[track_caller]
fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
}

/// All of the eighteen files that are looked for, and the configuration.
const WHOLE: [&str; 4] =
    ["found_files=111111111111111111 ", "has_config=true", "ended=true", "entries="];

const TABLES: [&str; 5] = [
    "tables=3 filled=3 own_filled=3",
    "core=filled shop_options",
    "core=filled shop_posts",
    "core=filled shop_users",
    "dump_ended=true",
];

#[track_caller]
fn every_kind_is_read(tools: Tools) {
    let bench = Bench::new(tools);
    let shop = bench.shop("shop");
    has_all(
        &shop,
        &["platform=wordpress\n", "config=wp-config.php\n", "prefix=shop_\n", "files=18\n"],
    );
    assert!(!shop.contains("cache") && !shop.contains("a-secret"), "{shop}");
    bench.sh(
        "tar -cf f.tar shop; tar -czf f.tgz -C shop .; tar -cJf f.xz shop; tar -cjf f.bz2 -P $PWD/shop
        zstd -q f.tar -o f.zst; zip -qr f.zip shop; mkdir both; cp -r shop both; cp dump.sql both
        tar -czf both.tgz both; cd both; zip -qr ../both.zip .; cd ..
        tar --format=pax -cf pax.tar shop; tar --format=ustar -cf ustar.tar shop
        gzip -k dump.sql; xz -k dump.sql; bzip2 -k dump.sql; zstd -q dump.sql; zip -q dump.zip dump.sql",
    );
    for name in ["f.tar", "f.tgz", "f.xz", "f.bz2", "f.zst", "pax.tar", "ustar.tar"] {
        // busybox has no zstd, and says so.
        if name == "f.zst" && tools == Tools::Busybox {
            has_all(&bench.file(name), &["tool=zstd"]);
            continue;
        }
        let said = bench.file(name);
        has_all(&said, &WHOLE);
        has_all(&said, &["form=tar", "dumps=0"]);
        assert_eq!(said.matches("status=0").count(), 3, "{name}: {said}");
        assert!(!said.contains("status=1") && !said.contains("changed"), "{name}: {said}");
    }
    let sum = Command::new("sha256sum").arg(bench.path("f.tgz")).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    has_all(&bench.file("f.tgz"), &[&format!("sha256={} ", sum.split(' ').next().unwrap())]);
    has_all(&bench.file("f.zip"), &WHOLE);
    for name in ["dump.sql", "dump.sql.gz", "dump.sql.xz", "dump.sql.bz2"] {
        let said = bench.file(name);
        has_all(&said, &TABLES);
        assert_eq!(said.matches("status=0").count(), 2, "{name}: {said}");
    }
    has_all(&bench.file("dump.zip"), &TABLES);
    has_all(&bench.file("both.zip"), &[&WHOLE[..], &TABLES].concat());
    has_all(&bench.file("both.tgz"), &WHOLE);
    if tools == Tools::Gnu {
        has_all(&bench.file("both.tgz"), &TABLES);
        has_all(&bench.file("dump.sql.zst"), &TABLES);
    }
}

#[test]
fn every_kind_of_backup_is_read() {
    every_kind_is_read(Tools::Gnu);
}

#[test]
fn every_kind_of_backup_is_read_with_busybox() {
    every_kind_is_read(Tools::Busybox);
}

#[track_caller]
fn what_is_none_is_told(tools: Tools) {
    let bench = Bench::new(tools);
    bench.sh(
        r"tar -cf f.tar shop; tar -czf f.tgz shop; zip -qr f.zip shop; gzip -k dump.sql
        head -c 10240 f.tar >cut.tar; gzip -k cut.tar; head -c 20000 f.tgz >cut.tgz
        # Between two files: only the end mark is missing.
        head -c 512 f.tar >between.tar; gzip -k between.tar
        head -c 20000 f.zip >cut.zip; head -c 9000 dump.sql >cut.sql; head -c 300 dump.sql.gz >cut.sql.gz
        head -n -2 dump.sql >unended.sql; sed '1d;/^-- Dump/d' dump.sql >plain.sql; head -c 9000 plain.sql >plaincut.sql
        head -c 100000 /dev/urandom >random.sql; : >empty.sql; echo hello >hello.sql; tar -cf none.tar -T /dev/null
        mkdir folder; mkfifo pipe; ln -s pipe to-pipe; ln -s f.tgz to-file; ln -s nowhere to-nowhere; ln -s /dev/zero to-zero
        zip -q -P secret closed.zip dump.sql",
    );
    for name in ["cut.tar", "cut.tar.gz", "cut.tgz", "cut.zip", "cut.sql.gz", "closed.zip"] {
        let said = bench.file(name);
        let well = said.matches("status=0").count() == said.matches("status=").count();
        assert!(!well, "{name}: {said}");
    }
    has_all(&bench.file("between.tar"), &[" ended=false"]);
    has_all(&bench.file("between.tar.gz"), &[" ended=false"]);
    for name in ["cut.sql", "unended.sql", "plaincut.sql"] {
        has_all(&bench.file(name), &["dump_ended=false"]);
    }
    has_all(&bench.file("plain.sql"), &TABLES);
    for name in ["random.sql", "hello.sql", "none.tar"] {
        has_all(&bench.file(name), &["form=text", "tables=0 "]);
    }
    has_all(&bench.file("empty.sql"), &["size=0 "]);
    let began = Instant::now();
    for name in ["folder", "pipe", "to-pipe", "to-zero", "to-nowhere"] {
        has_all(&bench.file(name), &["found=true", "regular=false"]);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "a pipe was waited for");
    has_all(&bench.file("none"), &["found=false"]);
    has_all(&bench.file("to-file"), &WHOLE);
}

#[test]
fn what_is_no_backup_is_told() {
    what_is_none_is_told(Tools::Gnu);
}

#[test]
fn what_is_no_backup_is_told_with_busybox() {
    what_is_none_is_told(Tools::Busybox);
}

const HOSTILE: &str = r#"
import gzip, tarfile, zipfile
names = ["a\nb", "../../etc/passwd", "../wp-config.php", "$(touch pwned)", "`touch pwned`", "'; touch pwned; '",
    "--checkpoint-action=exec=touch pwned", "\x1b[2Jx", "n" * LONG, "/" * 900, "a/" * 400 + "wp-config.php"]
with gzip.open("many.tgz", "wb", 1) as packed:
    with tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as tar:
        for name in names: tar.addfile(tarfile.TarInfo(name))
        one = tarfile.TarInfo()
        header = None
        for n in range(200000):
            one.name = "d%06d/index.php" % n
            if n % 50 == 0: tar.addfile(one); header = one.tobuf(tarfile.GNU_FORMAT)
            else: tar.fileobj.write(header)
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
    for n in range(3): z.writestr("d%d.sql" % n, b"\0" * 100000000)
    for name in names[:8]: z.writestr(name, b"x")
with gzip.open("line.sql.gz", "wb", 1) as g:
    g.write(b"CREATE TABLE `shop_posts` (id int);\nINSERT INTO `shop_posts` VALUES (")
    for n in range(300): g.write(b"x" * 1000000)
    g.write(b");\n")
    for n in range(30000): g.write(b"CREATE TABLE `t%d` (id int);\n" % n)
"#;

#[track_caller]
fn hostile_archives_are_bounded(tools: Tools) {
    let bench = Bench::new(tools);
    // busybox opens no archive that has a name longer than a path can be.
    let long = if tools == Tools::Gnu { "5000" } else { "900" };
    fs::write(bench.path("make.py"), HOSTILE.replace("LONG", long)).unwrap();
    bench.sh("python3 make.py");
    let began = Instant::now();
    has_all(&bench.file("many.tgz"), &["has_config=", "entries=2000", "ended=true"]);
    let bomb = bench.file("bomb.zip");
    assert!(bomb.contains("status=") && !bomb.contains("dump_ended=true"), "{bomb}");
    has_all(&bench.file("line.sql.gz"), &["tables=20000 filled=1 own_filled=1"]);
    assert!(began.elapsed() < Duration::from_secs(150), "{:?}", began.elapsed());
    for name in ["pwned", "shop/pwned"] {
        assert!(!bench.path(name).exists() && !Path::new("/pwned").exists(), "a name was run");
    }
    // Its time is over: what was not read to its end says so.
    let began = Instant::now();
    let said = bench.file_within(&bench.path("line.sql.gz"), "1");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let well = said.matches("status=0").count() == 2 && said.contains("tables=20000");
    assert!(!well, "{said}");
}

#[test]
fn hostile_archives_are_read_within_bounds() {
    hostile_archives_are_bounded(Tools::Gnu);
}

#[test]
fn hostile_archives_are_read_within_bounds_with_busybox() {
    hostile_archives_are_bounded(Tools::Busybox);
}

#[test]
fn a_backup_that_grows_while_it_is_read_is_told() {
    let bench = Bench::new(Tools::Gnu);
    bench.sh("head -c 60000000 /dev/urandom >grows.sql");
    let file = bench.path("grows.sql");
    let mut growing = Command::new("sh")
        .args(["-c", r#"while :; do echo x >>"$0"; sleep 0.02; done"#, file.to_str().unwrap()])
        .spawn()
        .unwrap();
    let said = bench.file("grows.sql");
    growing.kill().unwrap();
    growing.wait().unwrap();
    has_all(&said, &["changed=true"]);
}

/// A file, what is in it, the platform that it shows, and the prefix that it says.
type Settings = (&'static str, &'static str, &'static str, Option<&'static str>);

const SETTINGS: &[Settings] = &[
    (
        "wp-config.php",
        "<?php\n  $table_prefix  = \"a_\";\n#$table_prefix='b_';",
        "wordpress",
        Some("a_"),
    ),
    ("wp-config.php", "<?php\n$table_prefix = getenv('P') . 'a_';", "wordpress", None),
    ("wp-config.php", "<?php\n$table_prefix = 'a`touch pwned`';", "wordpress", None),
    ("app/etc/env.php", "<?php return [\n'db' => [\n 'table_prefix' => '',", "magento2", Some("")),
    ("app/etc/env.php", "<?php return ['db' => ['table_prefix' => 'mg_',", "magento2", Some("mg_")),
    (
        "app/etc/local.xml",
        "<a>\n<table_prefix><![CDATA[om_]]></table_prefix>",
        "openmage",
        Some("om_"),
    ),
    ("app/etc/local.xml", "<a>\n<table_prefix></table_prefix>", "openmage", Some("")),
    (
        "app/config/parameters.php",
        "<?php return array (\n'database_prefix' => 'ps_',",
        "prestashop",
        Some("ps_"),
    ),
    (
        "config/settings.inc.php",
        "<?php\ndefine('_DB_PREFIX_', 'ps6_');",
        "prestashop",
        Some("ps6_"),
    ),
    ("includes/configure.php", "<?php\n  define('DB_PREFIX', 'zen_');", "zencart", Some("zen_")),
    ("configuration.php", "<?php\nclass J {\n\tpublic $dbprefix = 'j3x_';", "joomla", Some("j3x_")),
    ("sites/default/settings.php", "<?php\n 'prefix' => 'd_',", "drupal", Some("d_")),
];

#[test]
fn the_prefix_is_read_from_the_settings_of_each_platform_and_never_run() {
    let bench = Bench::new(Tools::Gnu);
    for (number, (file, text, platform, prefix)) in SETTINGS.iter().enumerate() {
        let folder = format!("case{number}");
        let at = bench.path(&folder).join(file);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
        let said = bench.shop(&folder);
        has_all(&said, &[&format!("platform={platform}\n"), &format!("config={file}\n")]);
        match prefix {
            Some(prefix) => has_all(&said, &[&format!("prefix={prefix}\n"), "prefix_known=true\n"]),
            None => {
                let unknown = said.contains("prefix_known=false\n") && !said.contains("prefix=");
                assert!(unknown, "{said}");
            }
        }
    }
    bench.sh(
        r#"mkdir -p oc/system above/shop bedrock/web bedrock/config plain
        touch oc/system/startup.php oc/index.php; printf "<?php\ndefine('DB_PREFIX', 'oc_');\n" >oc/config.php
        printf '<?php\n$table_prefix = "up_";\n' >above/wp-config.php; touch above/shop/wp-load.php
        echo '<?php' >bedrock/web/wp-config.php; touch bedrock/config/application.php
        printf 'DB_NAME=x\nDB_PREFIX="bed_"\n' >bedrock/.env; touch plain/index.html; mkfifo plain/wp-config.php"#,
    );
    has_all(&bench.shop("oc"), &["platform=opencart\n", "prefix=oc_\n"]);
    let above = bench.shop("above/shop");
    has_all(&above, &["platform=wordpress\n", "prefix=up_\n"]);
    assert!(!above.contains("config="), "{above}");
    has_all(&bench.shop("bedrock"), &["config=web/wp-config.php\n", "prefix=bed_\n"]);
    let plain = bench.shop("plain");
    assert!(!plain.contains("platform=") && plain.contains("files=1\n"), "{plain}");
    assert_eq!(bench.shop("nowhere"), "END\n");
    assert!(!bench.path("pwned").exists() && !Path::new("/pwned").exists());
}

#[test]
fn debians_settings_by_host_stand_over_the_file() {
    let story = Story::new();
    let host = story.stage.light(SUITE).start();
    let script = include_str!("../../src/command/backup/server.sh");
    let said = |settings: &str| {
        host.sh(&format!(
            "mkdir -p /etc/wordpress /srv/wp; rm -f /etc/wordpress/*; {settings}
            cat >/srv/wp/wp-config.php <<'THE-END'
<?php
$f = '/etc/wordpress/config-'.$_SERVER['HTTP_HOST'].'.php';
$table_prefix = 'file_';
THE-END
            cat >/root/script <<'THE-END'
{{ set -eu
sp_path=/srv/wp sp_seconds=60 sp_sample=200
{script}
sp_backup_shop
}} </dev/null
THE-END
            sh -s </root/script"
        ))
    };
    let one = r#"printf '<?php
$table_prefix = "one_";
' >/etc/wordpress/config-a.example.php"#;
    has_all(&said(":"), &["prefix=file_\n"]);
    has_all(&said(one), &["prefix=one_\n"]);
    let same = format!(
        "{one}; cp /etc/wordpress/config-a.example.php /etc/wordpress/config-b.example.php"
    );
    has_all(&said(&same), &["prefix=one_\n"]);
    // Of two shops nobody can tell which one this is.
    let two = format!("{same}; sed -i s/one_/two_/ /etc/wordpress/config-b.example.php");
    has_all(&said(&two), &["platform=wordpress\n", "prefix_known=false\n"]);
}

// ---- the program -------------------------------------------------------------------------------

/// A live shop, and its backup on the server.
fn live_shop(story: &Story) -> Host {
    let host = story.stage.light(SUITE).shop().start();
    let identity = story.stage.admin.private.to_str().unwrap();
    let url = host.url("root");
    let mut words = vec!["target", "add", "shop", &url, "--environment", "live"];
    words.extend(["--host-key", &host.fingerprint, "--identity", identity]);
    words.extend(["--path", "/var/www/shop"]);
    story.run(words).ok();
    back_up(&host);
    host
}

/// The words of a grant to which nothing but a backup is missing.
fn words<'a>(public: &'a str, backup: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["--key", public, "--access", "sftp-read-only", "--approver", "Ana"];
    words.extend(["--approval", "INT-77", "--acknowledge", "M7", "--yes-live", "127.0.0.1"]);
    words.extend(backup);
    words
}

/// What the refusal says of the backup.
#[track_caller]
fn refused(run: &Ended) -> String {
    assert_eq!(broken(run).first().map(String::as_str), Some("live"), "{}", run.told());
    let whole = run.json();
    let all = whole["error"]["broken"].as_array().unwrap();
    let told = all.iter().filter(|one| one["rule"] == "live.backup");
    told.map(|one| one["what"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_live_shop_stays_closed_behind_a_backup_that_is_none() {
    let story = Story::new();
    let host = live_shop(&story);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    host.sh(r"cd /backup; cp shop.tar.gz stale.tar.gz; touch -d '25 hours ago' stale.tar.gz
        cp shop.tar.gz ahead.tar.gz; touch -d '+2 hours' ahead.tar.gz
        head -c 200 shop.tar.gz >cut.tar.gz; : >empty.tar.gz; head -c 90000 /dev/urandom >random.sql
        mkdir folder other; echo x >other/x.php; tar -czf other.tar.gz other; mkfifo pipe
        printf 'CREATE TABLE `other_posts` (id int);\nINSERT INTO `other_posts` VALUES (1);\n' >other.sql
        zcat shop.sql.gz | grep -v INSERT >bare.sql; zcat shop.sql.gz | grep -v '^-- Dump' >unended.sql
        mkdir -p part/shop/app/etc; cp /var/www/shop/app/etc/env.php part/shop/app/etc; tar -czf part.tar.gz part
        printf 'PK\003\004 and so on' >some.zip");
    let dump = "/backup/shop.sql.gz";
    let files = "/backup/shop.tar.gz";
    for (one, other, said) in [
        ("/backup/none", dump, "there is no backup at `/backup/none` on the server"),
        ("/backup/folder", dump, "is a folder, a pipe or a device"),
        ("/backup/pipe", dump, "is a folder, a pipe or a device"),
        ("/backup/empty.tar.gz", dump, "is empty"),
        ("/backup/stale.tar.gz", dump, "1 day 1 h old"),
        ("/backup/ahead.tar.gz", dump, "was written in the future"),
        ("/backup/cut.tar.gz", dump, "is damaged or cut off"),
        ("/backup/some.zip", dump, "there is no `unzip` on the server"),
        (files, "/backup/random.sql", "is neither an archive (tar, ZIP) nor a dump"),
        (files, "/backup/unended.sql", "its own end is missing"),
        (files, "/backup/bare.sql", "puts nothing into them"),
        (files, "/backup/other.sql", "does not make the table"),
        ("/backup/other.tar.gz", dump, "`app/etc/env.php` is in no archive"),
        ("/backup/part.tar.gz", dump, "1 are in it"),
        (files, files, "no dump of the database"),
        (dump, dump, "no archive of the shop's files"),
    ] {
        let backup = ["--backup", one, "--backup", other, "--dry-run"];
        let run = story.heard(story.grant("shop", &words(public, &backup))).exits(3);
        let told = refused(&run);
        assert!(told.contains(said), "{one} {other}: {told}");
    }
    let backup = ["--backup", "/backup/cut.tar.gz", "--backup", "/backup/stale.tar.gz"];
    let run = nothing_happens(&story, &host, 3, || story.grant("shop", &words(public, &backup)));
    assert_eq!(broken(&run), ["live", "live.backup", "live.backup"]);
    for bad in ["shop.tar.gz", "~/shop.tar.gz", "local:", "/a\nb"] {
        story.heard(story.grant("shop", &words(public, &["--backup", bad]))).exits(2);
    }
}

#[test]
fn a_backup_on_the_merchants_computer_is_held_to_the_same() {
    let story = Story::new();
    let host = live_shop(&story);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let here = story.stage.path().join("backups");
    fs::create_dir(&here).unwrap();
    let at = here.to_str().unwrap();
    for file in ["shop.tar.gz", "shop.sql.gz"] {
        let from = host.written_path().join("backup").join(file);
        fs::copy(from, here.join(file)).unwrap();
    }
    let run = Command::new("bash")
        .args([
            "-ec",
            r"zcat shop.tar.gz >shop.tar; zcat shop.sql.gz >shop.sql
            mkdir x; tar -xf shop.tar -C x; (cd x; zip -qr ../shop.zip shop; cp ../shop.sql .; tar -czf ../both.tgz .)
            zip -q dump.zip shop.sql; tar --format=pax -cf pax.tar -C x shop
            head -c 200 shop.tar.gz >cut.tar.gz; head -c 2048 shop.tar >cut.tar; head -c 200 shop.zip >cut.zip
            gzip <cut.tar >inner.tar.gz; bzip2 -k shop.sql; mkfifo pipe; ln -s shop.tar.gz link; head -c 9999 /dev/urandom >random.sql
            zip -q -P secret closed.zip shop.sql
            head -n -1 shop.sql >unended.sql; cp shop.tar.gz stale.tar.gz; touch -d '25 hours ago' stale.tar.gz",
        ])
        .current_dir(&here)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let grant = |files: &[&str]| {
        let named: Vec<String> = files.iter().map(|file| format!("local:{at}/{file}")).collect();
        let mut more = vec!["--dry-run"];
        more.extend(named.iter().flat_map(|name| ["--backup", name.as_str()]));
        story.heard(story.grant("shop", &words(public, &more)))
    };
    for good in [
        &["shop.tar.gz", "shop.sql.gz"][..],
        &["shop.tar", "shop.sql"],
        &["shop.zip", "dump.zip"],
        &["pax.tar", "shop.sql"],
        &["link", "shop.sql"],
        &["both.tgz"],
    ] {
        let run = grant(good).ok();
        let live = run.json()["result"]["plan"]["terms"]["live"].clone();
        assert_eq!(live["backups"].as_array().unwrap().len(), good.len());
        assert_eq!(live["backups"][0]["place"], "local");
        assert_eq!(live["backup_notes"][0], "prefix-unknown");
    }
    for (bad, said) in [
        ("none", "on this computer"),
        ("pipe", "is a folder, a pipe or a device"),
        ("cut.tar.gz", "is damaged or cut off"),
        ("cut.tar", "cut off"),
        ("cut.zip", "is damaged or cut off"),
        ("inner.tar.gz", "cut off"),
        ("closed.zip", "it is encrypted"),
        ("shop.sql.bz2", "`.bz2` is not opened on this computer"),
        ("random.sql", "is neither an archive"),
        ("unended.sql", "its own end is missing"),
        ("stale.tar.gz", "1 day 1 h old"),
    ] {
        let told = refused(&grant(&["shop.tar.gz", "shop.sql.gz", bad]).exits(3));
        assert!(told.contains(said), "{bad}: {told}");
    }
}

#[test]
fn a_command_that_makes_the_backup_runs_once_and_is_recorded() {
    let story = Story::new();
    let host = live_shop(&story);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let here = story.stage.path().join("made");
    let script = story.stage.path().join("backup.sh");
    let text = format!(
        "#!/bin/sh\necho busy >&2\necho x >>'{}'\nprintf '/backup/%s\\n' shop.tar.gz shop.sql.gz\n",
        here.display()
    );
    fs::write(&script, text).unwrap();
    let command = format!("sh '{}'", script.display());
    let more = ["--backup-command", command.as_str()];
    // A dry run shows it and does not run it.
    let dry = [&more[..], &["--dry-run"]].concat();
    let run = nothing_happens(&story, &host, 0, || story.grant("shop", &words(public, &dry)));
    let live = run.json()["result"]["plan"]["terms"]["live"].clone();
    assert_eq!(live["backup_command"], command.as_str());
    assert_eq!(live["backups"].as_array().unwrap().len(), 0);
    assert!(!here.exists(), "a dry run ran it");
    // Nor does what is refused for another reason.
    let mut wrong = words(public, &more);
    wrong.retain(|word| *word != "--yes-live" && *word != "127.0.0.1");
    nothing_happens(&story, &host, 3, || story.grant("shop", &wrong));
    assert!(!here.exists(), "it ran although something else was missing");
    for (bad, code) in [
        ("exit 3", 6),
        ("echo done", 6),
        ("echo /backup/none", 3),
        ("mysqldump -pSecret x", 2),
        ("", 2),
    ] {
        let bad = ["--backup-command", bad];
        nothing_happens(&story, &host, code, || story.grant("shop", &words(public, &bad)));
    }
    let both = [&more[..], &BACKUP].concat();
    story.heard(story.grant("shop", &words(public, &both))).exits(2);

    let granted = story.granted("shop", &words(public, &more));
    assert_eq!(fs::read_to_string(&here).unwrap(), "x\n");
    let live = story.show(&granted.id)["terms"]["live"].clone();
    assert_eq!(live["backup_command"], command.as_str());
    assert_eq!(live["backups"].as_array().unwrap().len(), 2);
    let shown = story.run(["show", &granted.id]).ok();
    assert!(shown.stdout.contains("was made by"), "{}", shown.told());
    story.revoked(&granted.id);
}
