# Las reglas del equipo, con nuestras palabras: una frase cada una, para decirla detrás de «porque».
# Después, sus preguntas.

M1 = El equipo investiga en un entorno de staging o de pruebas, y solo pide acceso a ese entorno.
M2 = El equipo pide un usuario temporal con contraseña en la propia plataforma de la tienda, no solo en el servidor.
M3 = El equipo pide una contraseña segura, creada con un generador.
M4 = La cuenta se elimina siempre que termina el trabajo.
M5 = El equipo no quiere acceso a una tienda en producción sin consultarlo antes con uno de sus especialistas de integración y sin su aprobación.
M6 = Si, aun así, se pide acceso a producción, antes se hace una copia de seguridad.
M7 = El equipo no se hace responsable de los errores cometidos en un entorno de producción.
M8 = El equipo se conecta solo por SFTP o SSH; por seguridad, ya no admite FTP.
M9 = El equipo se conecta al puerto 22.
M10 = Lo que no se puede reproducir en un entorno de pruebas estándar es un proyecto con un plazo definido; no se garantiza una solución.
M11 = El plazo de un proyecto así suele ser de dos a cinco semanas.
M12 = Antes de investigar, el equipo pregunta si el problema está en el plugin o en un método de pago, desde cuándo ocurre, qué se ha actualizado, si ha podido reproducirlo y qué ejemplos hay.

question-plugin_core = ¿El problema está en el núcleo del plugin?
    .help = Es decir: ocurre con todos los métodos de pago, y no solo con uno.
    .choice-yes = sí
    .choice-no = no
    .choice-unknown = no lo sé
question-method_core = ¿El problema está en el núcleo de un método de pago?
    .help = Es decir: ocurre con un método de pago, mientras los demás funcionan.
    .choice-yes = sí
    .choice-no = no
    .choice-unknown = no lo sé
question-payment_method = ¿De qué método de pago se trata?
question-since = ¿Desde cuándo existe el problema?
    .help = Un día, o lo que ocurrió justo antes.
question-updated = ¿Se ha actualizado hace poco el plugin o el sistema?
    .choice-yes = sí
    .choice-no = no
    .choice-unknown = no lo sé
question-update = ¿Qué se actualizó, y de qué versión a cuál?
question-reproduced = ¿Ha podido reproducir el problema usted mismo?
    .help = Lo que se puede reproducir en un entorno de pruebas estándar se encuentra antes; lo que no, pasa a ser un proyecto con un plazo definido.
    .choice-yes = sí
    .choice-no = no
question-reproduced_where = ¿Dónde puede reproducirlo?
    .help = La página y el entorno: staging, pruebas o producción.
question-examples = ¿Qué ejemplos hay?
    .help = Números de pedido, horas, mensajes. Ningún dato de clientes.
