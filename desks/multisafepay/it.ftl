# Le regole del team, con parole nostre: una frase ciascuna, da dire dopo «perché». Poi le sue
# domande.

M1 = Il team indaga in un ambiente di staging o di test, e chiede l'accesso solo a quello.
M2 = Il team chiede un utente temporaneo con password sulla piattaforma stessa del negozio, non solo sul server.
M3 = Il team chiede una password sicura, creata con un generatore.
M4 = L'account viene sempre eliminato quando il lavoro è finito.
M5 = Il team non vuole accesso a un negozio in produzione senza aver consultato uno dei suoi specialisti di integrazione e averne avuto l'approvazione.
M6 = Se l'accesso alla produzione viene chiesto comunque, prima si fa un backup.
M7 = Il team non è responsabile degli errori commessi in un ambiente di produzione.
M8 = Il team si collega solo via SFTP o SSH; per motivi di sicurezza non supporta più FTP.
M9 = Il team si collega alla porta 22.
M10 = Ciò che non si può riprodurre in un ambiente di test standard è un progetto con un periodo definito; una soluzione non è garantita.
M11 = Il periodo di un progetto del genere è in genere da due a cinque settimane.
M12 = Prima di indagare, il team chiede se il problema è nel plugin o in un metodo di pagamento, da quando c'è, che cosa è stato aggiornato, se è riuscito a riprodurlo e quali esempi ci sono.

question-plugin_core = Il problema è nel core del plugin?
    .help = Cioè: con tutti i metodi di pagamento, e non con uno soltanto.
    .choice-yes = sì
    .choice-no = no
    .choice-unknown = non lo so
question-method_core = Il problema è nel core di un metodo di pagamento?
    .help = Cioè: con un metodo di pagamento, mentre gli altri funzionano.
    .choice-yes = sì
    .choice-no = no
    .choice-unknown = non lo so
question-payment_method = Di quale metodo di pagamento si tratta?
question-since = Da quando c'è il problema?
    .help = Un giorno, oppure che cosa è successo subito prima.
question-updated = Il plugin o il sistema è stato aggiornato di recente?
    .choice-yes = sì
    .choice-no = no
    .choice-unknown = non lo so
question-update = Che cosa è stato aggiornato, e da quale versione a quale?
question-reproduced = È riuscito a riprodurre il problema?
    .help = Ciò che si può riprodurre in un ambiente di test standard si trova prima; il resto diventa un progetto con un periodo definito.
    .choice-yes = sì
    .choice-no = no
question-reproduced_where = Dove riesce a riprodurlo?
    .help = La pagina e l'ambiente: staging, test o produzione.
question-examples = Quali esempi ci sono?
    .help = Numeri d'ordine, orari, messaggi. Nessun dato di clienti.
