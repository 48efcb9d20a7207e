# Le regole del team, con parole nostre: una frase ciascuna, da dire dopo «perché». Poi le sue
# domande.

T1 = Il team lavora a un incidente quando ha il client_id, il giorno e l'ora esatti, il messaggio d'errore, i passaggi con gli endpoint e i loro parametri, il dispositivo e il browser, e gli identificativi della richiesta.
T2 = Il team lavora più in fretta con i debug_id dei conti, uno screenshot con le parti sensibili oscurate, l'identificativo della richiesta e, solo se il problema riguarda il refresh, il refresh_token.
T3 = Al team non si mandano mai dati sensibili degli utenti finali (codici bancari, numeri di conto, password, PIN), un access_token, il client_secret, né un'immagine che mostri una di queste cose.
T4 = Qualunque dato sensibile condiviso in un ticket è di per sé una minaccia per la sicurezza.
T5 = Il team lavora su ticket, che si aprono nel suo portale.

question-about = Che cosa riguarda il problema?
    .help = Per i pagamenti il team vuole l'identificativo del pagamento, per un refresh può volere il refresh_token.
    .choice-payments = l'API dei pagamenti
    .choice-accounts = i conti e i loro movimenti
    .choice-refresh = il refresh di una connessione
    .choice-other = altro
question-asynchronous = Era una richiesta asincrona o batch?
    .choice-yes = sì
    .choice-no = no
question-client_id = Qual è il suo client_id?
    .help = Solo l'identificativo. Il client_secret non si manda mai.
question-happened_at = Quando è successo, al minuto?
    .help = Per esempio 2026-12-01 14:05, nella sua ora locale, o con uno scarto come +01:00.
question-error_message = Che cosa dice il messaggio d'errore?
question-steps = Che cosa è stato fatto, passo per passo, o che cosa si cercava di fare?
question-endpoints = Quali endpoint sono stati chiamati, e con quali parametri?
    .help = Senza l'intestazione Authorization, senza token e senza dati di utenti finali.
question-device = Su quale dispositivo e con quale browser?
question-simp_id = Qual è il simp_id del pagamento?
question-task_id = Qual è il task_id della richiesta?
question-debug_id = Quali sono i debug_id dei conti interessati?
question-screenshot = Quale file è uno screenshot?
    .help = Oscuri prima ciò che è sensibile.
question-x_request_id = Qual era l'X-Request-Id?
    .help = Un UUID, nelle intestazioni della risposta.
question-refresh_token = Qual è il refresh_token?
    .help = Non viene conservato: si annota che lei lo ha, e la sua impronta. Lo scriva lei stesso nel campo del portale.
