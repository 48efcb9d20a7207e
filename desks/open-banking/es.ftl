# Las reglas del equipo, con nuestras palabras: una frase cada una, para decirla detrás de «porque».
# Después, sus preguntas.

T1 = El equipo se ocupa de una incidencia cuando tiene el client_id, el día y la hora exactos, el mensaje de error, los pasos con los endpoints y sus parámetros, el dispositivo y el navegador, y los identificadores de la petición.
T2 = El equipo avanza más rápido con los debug_id de las cuentas, una captura de pantalla con las partes sensibles difuminadas, el identificador de la petición y, solo si el problema es del refresh, el refresh_token.
T3 = Al equipo no se le envían nunca datos sensibles de los usuarios finales (códigos bancarios, números de cuenta, contraseñas, PIN), ningún access_token, el client_secret, ni una imagen que muestre algo de esto.
T4 = Todo lo sensible que se comparte en un ticket es, por sí mismo, una amenaza para la seguridad.
T5 = El equipo trabaja con tickets, que se abren en su propio portal.

question-about = ¿De qué trata el problema?
    .help = Para los pagos, el equipo quiere el identificador del pago; para un refresh, puede querer el refresh_token.
    .choice-payments = la API de pagos
    .choice-accounts = las cuentas y sus movimientos
    .choice-refresh = el refresh de una conexión
    .choice-other = otra cosa
question-asynchronous = ¿Era una petición asíncrona o por lotes?
    .choice-yes = sí
    .choice-no = no
question-client_id = ¿Cuál es su client_id?
    .help = Solo el identificador. El client_secret no se envía nunca.
question-happened_at = ¿Cuándo ocurrió, con el minuto exacto?
    .help = Por ejemplo 2026-12-01 14:05, en su hora local, o con un desfase como +01:00.
question-error_message = ¿Qué dice el mensaje de error?
question-steps = ¿Qué se hizo, paso a paso, o qué se intentaba hacer?
question-endpoints = ¿Qué endpoints se llamaron, y con qué parámetros?
    .help = Sin la cabecera Authorization, sin tokens y sin datos de usuarios finales.
question-device = ¿En qué dispositivo y con qué navegador?
question-simp_id = ¿Cuál es el simp_id del pago?
question-task_id = ¿Cuál es el task_id de la petición?
question-debug_id = ¿Cuáles son los debug_id de las cuentas afectadas?
question-screenshot = ¿Qué archivo es una captura de pantalla?
    .help = Difumine antes lo que sea sensible.
question-x_request_id = ¿Cuál era el X-Request-Id?
    .help = Un UUID, en las cabeceras de la respuesta.
question-refresh_token = ¿Cuál es el refresh_token?
    .help = No se guarda: se anota que usted lo tiene, y su huella. Escríbalo usted mismo en el campo del portal.
