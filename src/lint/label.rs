//! The names behind which secrets stand, in English, Spanish and Italian (and the commonest of
//! their neighbours), in one word or several.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Kind;
use super::words;

/// What a name promises, and so what may stand behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// A password.
    Password,
    /// A word that also means something else, such as `clave` and `pass`.
    Loose,
    /// A PIN or a one-time code: digits.
    Pin,
    /// The code on the back of a card: three or four digits.
    CardCode,
    /// An account number: digits.
    Account,
    /// Made by a machine: long, without spaces.
    Made(Kind),
    /// A key, which may be one of anything: so long, and so mixed, that only a machine made it.
    Key,
}

impl Field {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Password | Self::Loose => Kind::Password,
            Self::Pin => Kind::Pin,
            Self::CardCode => Kind::CardCode,
            Self::Account => Kind::AccountNumber,
            Self::Made(kind) => kind,
            Self::Key => Kind::ApiKey,
        }
    }
}

use Field::{Account, CardCode, Key, Loose, Made, Password, Pin};

/// Longer names before shorter ones that they begin with.
const NAMES: &[(&str, Field)] = &[
    // Passwords.
    ("password", Password),
    ("passwort", Password),
    ("passwd", Password),
    ("passwrd", Password),
    ("passw", Password),
    ("passphrase", Password),
    ("passcode", Password),
    ("pass phrase", Password),
    ("pass word", Password),
    ("pwd", Password),
    ("pswd", Password),
    ("psw", Password),
    ("pssw", Password),
    ("pw", Loose),
    ("pass", Loose),
    ("dbpassword", Password),
    ("dbpass", Password),
    ("dbpasswd", Password),
    ("dbpwd", Password),
    ("userpass", Password),
    ("userpassword", Password),
    ("ftppassword", Password),
    ("ftppass", Password),
    ("adminpassword", Password),
    ("rootpassword", Password),
    ("rootpw", Password),
    ("smtppassword", Password),
    ("smtppass", Password),
    ("keypassword", Password),
    ("storepassword", Password),
    ("identified by", Password),
    ("contrasena", Password),
    ("contrasenya", Password),
    ("contrasenia", Password),
    ("contrase", Password),
    ("clave de acceso", Password),
    ("clave de usuario", Password),
    ("clave temporal", Password),
    ("clave secreta", Made(Kind::ApiKey)),
    ("clave privada", Made(Kind::ApiKey)),
    ("clave api", Made(Kind::ApiKey)),
    ("clave de api", Made(Kind::ApiKey)),
    ("clave de la api", Made(Kind::ApiKey)),
    ("clave del api", Made(Kind::ApiKey)),
    ("clave", Loose),
    ("llave privada", Made(Kind::ApiKey)),
    ("llave secreta", Made(Kind::ApiKey)),
    ("llave api", Made(Kind::ApiKey)),
    ("palabra de paso", Password),
    ("frase de acceso", Password),
    ("frase de paso", Password),
    ("parola d ordine", Password),
    ("parola di accesso", Password),
    ("parola d accesso", Password),
    ("parola segreta", Password),
    ("chiave di accesso", Password),
    ("chiave d accesso", Password),
    ("frase segreta", Password),
    ("mot de passe", Password),
    ("kennwort", Password),
    ("wachtwoord", Password),
    // Digits.
    ("pin code", Pin),
    ("pincode", Pin),
    ("codice pin", Pin),
    ("codigo pin", Pin),
    ("pin", Pin),
    ("otp code", Pin),
    ("codice otp", Pin),
    ("codigo otp", Pin),
    ("otp", Pin),
    ("one time code", Pin),
    ("one time password", Pin),
    ("sms code", Pin),
    ("codice sms", Pin),
    ("codigo sms", Pin),
    ("cvv", CardCode),
    ("cvv2", CardCode),
    ("cvc", CardCode),
    ("cvc2", CardCode),
    ("csc", CardCode),
    ("card security code", CardCode),
    ("security code", CardCode),
    ("codigo de seguridad", CardCode),
    ("codice di sicurezza", CardCode),
    ("card code", CardCode),
    ("account number", Account),
    ("account no", Account),
    ("account nr", Account),
    ("bank account", Account),
    ("numero di conto", Account),
    ("numero conto", Account),
    ("n conto", Account),
    ("conto corrente", Account),
    ("conto bancario", Account),
    ("numero de cuenta", Account),
    ("numero cuenta", Account),
    ("n de cuenta", Account),
    ("cuenta bancaria", Account),
    ("cuenta corriente", Account),
    // Made by machines.
    ("client secret", Made(Kind::ClientSecret)),
    ("clientsecret", Made(Kind::ClientSecret)),
    ("secreto de cliente", Made(Kind::ClientSecret)),
    ("secreto del cliente", Made(Kind::ClientSecret)),
    ("secreto de client", Made(Kind::ClientSecret)),
    ("segreto del client", Made(Kind::ClientSecret)),
    ("segreto client", Made(Kind::ClientSecret)),
    ("refresh token", Made(Kind::RefreshToken)),
    ("refreshtoken", Made(Kind::RefreshToken)),
    ("token de refresco", Made(Kind::RefreshToken)),
    ("token de actualizacion", Made(Kind::RefreshToken)),
    ("token di refresh", Made(Kind::RefreshToken)),
    ("token di aggiornamento", Made(Kind::RefreshToken)),
    ("token di rinnovo", Made(Kind::RefreshToken)),
    ("access token", Made(Kind::AccessToken)),
    ("accesstoken", Made(Kind::AccessToken)),
    ("token de acceso", Made(Kind::AccessToken)),
    ("token di accesso", Made(Kind::AccessToken)),
    ("token d accesso", Made(Kind::AccessToken)),
    ("auth token", Made(Kind::AccessToken)),
    ("authtoken", Made(Kind::AccessToken)),
    ("id token", Made(Kind::AccessToken)),
    ("bearer token", Made(Kind::AccessToken)),
    ("session token", Made(Kind::AccessToken)),
    ("security token", Made(Kind::AccessToken)),
    ("reset token", Made(Kind::AccessToken)),
    ("token", Made(Kind::AccessToken)),
    ("api key", Made(Kind::ApiKey)),
    ("apikey", Made(Kind::ApiKey)),
    ("api secret", Made(Kind::ApiKey)),
    ("apisecret", Made(Kind::ApiKey)),
    ("api token", Made(Kind::ApiKey)),
    ("apitoken", Made(Kind::ApiKey)),
    ("secret access key", Made(Kind::ApiKey)),
    ("secret key", Made(Kind::ApiKey)),
    ("secretkey", Made(Kind::ApiKey)),
    ("access key", Made(Kind::ApiKey)),
    ("account key", Made(Kind::ApiKey)),
    ("auth key", Made(Kind::ApiKey)),
    ("secure auth key", Made(Kind::ApiKey)),
    ("logged in key", Made(Kind::ApiKey)),
    ("nonce key", Made(Kind::ApiKey)),
    ("encryption key", Made(Kind::ApiKey)),
    ("crypt key", Made(Kind::ApiKey)),
    ("app key", Made(Kind::ApiKey)),
    ("cookie key", Made(Kind::ApiKey)),
    ("signing key", Made(Kind::ApiKey)),
    ("private key", Made(Kind::ApiKey)),
    ("privatekey", Made(Kind::ApiKey)),
    ("webservice key", Made(Kind::ApiKey)),
    ("merchant key", Made(Kind::ApiKey)),
    ("shared secret", Made(Kind::ApiKey)),
    ("webhook secret", Made(Kind::ApiKey)),
    ("consumer secret", Made(Kind::ApiKey)),
    ("app secret", Made(Kind::ApiKey)),
    ("jwt secret", Made(Kind::ApiKey)),
    ("secret", Made(Kind::ApiKey)),
    ("key", Key),
    ("chiave api", Made(Kind::ApiKey)),
    ("chiave segreta", Made(Kind::ApiKey)),
    ("chiave privata", Made(Kind::ApiKey)),
    ("chiave dell api", Made(Kind::ApiKey)),
    ("phpsessid", Made(Kind::Session)),
    ("phpsess id", Made(Kind::Session)),
    ("jsessionid", Made(Kind::Session)),
    ("ocsessid", Made(Kind::Session)),
    ("sessionid", Made(Kind::Session)),
    ("session id", Made(Kind::Session)),
    ("laravel session", Made(Kind::Session)),
    ("symfony session", Made(Kind::Session)),
    ("wordpress logged in", Made(Kind::Session)),
    ("wordpress sec", Made(Kind::Session)),
    ("connect sid", Made(Kind::Session)),
];

/// The most words of a name.
pub(super) const MOST_WORDS: usize = 4;

/// Every name that begins with this word.
pub(super) fn beginning_with(word: &str) -> &'static [(&'static str, Field)] {
    type Names = HashMap<&'static str, Vec<(&'static str, Field)>>;
    static BY_FIRST_WORD: LazyLock<Names> = LazyLock::new(|| {
        let mut names = Names::new();
        for (name, field) in NAMES {
            let first = name.split(' ').next().unwrap_or_default();
            names.entry(first).or_default().push((name, *field));
        }
        names
    });
    BY_FIRST_WORD.get(word).map(Vec::as_slice).unwrap_or_default()
}

/// A name that something is glued to: `PGPASSWORD`, `ftpuserpasswd`.
pub(super) fn glued(word: &str) -> Option<(&'static str, Field)> {
    let ends = ["password", "passwd", "passwort", "contrasena"];
    ends.iter().any(|end| word.len() > end.len() && word.ends_with(end)).then_some(("", Password))
}

/// Whether no name begins with a word of this letter and length: nearly all words end here.
pub(super) fn is_out_of_question(word: &str) -> bool {
    static LENGTHS: LazyLock<[u32; 26]> = LazyLock::new(|| {
        let mut lengths = [0; 26];
        for (name, _) in NAMES {
            let first = name.split(' ').next().unwrap_or_default();
            if let Some(mask) = letter(first).and_then(|letter| lengths.get_mut(letter)) {
                *mask |= 1 << first.len();
            }
        }
        lengths
    });
    if glued(word).is_some() {
        return false;
    }
    let mask = letter(word).and_then(|letter| LENGTHS.get(letter)).copied().unwrap_or(0);
    mask & (1_u32.checked_shl(u32::try_from(word.len()).unwrap_or(32)).unwrap_or(0)) == 0
}

fn letter(word: &str) -> Option<usize> {
    word.bytes().next().filter(u8::is_ascii_lowercase).map(|byte| usize::from(byte - b'a'))
}

const ADDITIONS: &str = "confirm confirmation confirmed again repeat new old current value plain live test prod \
    production sandbox staging stage dev ftp sftp ssh db admin root user mysql smtp it es en";

/// What a name may end with and still be the same name: `password_confirmation`, `API_KEY_LIVE`.
pub(super) fn is_addition(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit()) || words::is_among(ADDITIONS, word)
}

/// A word in front of a name that makes another thing of it: `csrf_token`, `palabra clave`.
pub(super) fn is_denied_by(name: &str, before: &str) -> bool {
    let words = match name {
        "token" | "security token" => {
            "csrf xsrf form page cart next sync device push per crsf pagination continuation \
            unexpected syntax request public"
        }
        "clave" => {
            "palabra palabras punto puntos pregunta fecha tema dato aspecto es momento foreign \
            primaria"
        }
        "secret" => "top no is kubernetes",
        "access key" | "secret key" | "app key" | "private key" => "public",
        "key" => {
            "public foreign primary idempotency cache sort site publishable host form ssh array \
            product license unique partition object index meta option session row etag"
        }
        "pass" => "by first second one to will tests",
        _ => return false,
    };
    words::is_among(words, before)
}

const BETWEEN: &str = "for of the to on our my your this user username account admin administrator root login \
    access ftp sftp ssh db database mysql mariadb smtp email mail imap staging test sandbox \
    production live previous temporary temp new old current server host hosting shop store \
    site website panel cpanel plesk backoffice backend back office dashboard wordpress wp \
    prestashop presta magento opencart woocommerce woo commerce code value here again key in \
    and supporter support web area merchant de del la el los las para usuario cuenta acceso \
    administrador anterior antigua nueva nuevo actual temporal servidor tienda pruebas correo \
    base datos al mi su tu nuestra provisional entorno con di d della dello dell dei il lo l i \
    per utente accesso amministratore anteriore precedente vecchia nuova nuovo attuale \
    temporanea temporaneo provvisoria negozio sito prova posta dati banca mia nostra sua \
    pannello ambiente da usare e n nr no num";

/// Words that may stand between a name and its colon: "the password for the FTP user is".
pub(super) fn is_between(word: &str) -> bool {
    words::is_among(BETWEEN, word)
}

/// What leads from a name to what it is a password of.
pub(super) fn is_preposition(word: &str) -> bool {
    words::is_among("for of to on in de del para al di della dello dell dei per da", word)
}

/// What says of something what it is: "the password is".
pub(super) fn is_verb(folded: &str, written: &str) -> bool {
    matches!(folded, "is" | "es" | "era" | "was" | "sera")
        || written == "è"
        || written == "È"
        || written == "sarà"
}
