/* SPDX-License-Identifier: MIT */
/* acts_de.c - German: see acts_table.h. Verbs stand apart from their other
 * half ("schalte ... ein", "habe ... eingeschaltet"), hence the long gaps. */
#include <stddef.h>

#include "score/acts_table.h"

static const struct acts_class classes[] = {
    {CLASS_NEGATION, "nicht kein keine keinen keinem keiner keines nie niemals "
     "nichts weder ohne"},
    {CLASS_GUARD, "wenn falls ob sobald kann kannst können könnte könnten soll "
     "sollen sollte würde würden würdest müsste möchte möchten möchtest willst "
     "wollen bitte damit bevor nachdem versuche versucht wolltest könntest "
     "während beim"},
    {CLASS_CONDITION, "wenn falls sobald"},
    {CLASS_BEFORE, "bereits schon noch weiterhin immer"},
    {CLASS_QUESTION, "welches welche welchen welcher welchem was wie wo wann "
     "wer wohin woran worauf wieviel wofür wen"},
    {CLASS_BUT, "aber sondern doch jedoch"},
    {CLASS_AND, "und"},
    {"ADV", "jetzt nun also gerade soeben eben auch erfolgreich wieder "
     "dann gleich sofort für dich ihnen dir alle beide nur ganz komplett "
     "vollständig automatisch"},
    {"DONE", "eingeschaltet ausgeschaltet angeschaltet abgeschaltet "
     "umgeschaltet angemacht ausgemacht aufgemacht zugemacht gemacht gestellt "
     "eingestellt gesetzt gestartet gestoppt pausiert fortgesetzt hinzugefügt "
     "entfernt gelöscht gestrichen storniert abgebrochen verriegelt entriegelt "
     "abgeschlossen aufgeschlossen abgesperrt geöffnet geschlossen gedimmt "
     "erhöht verringert reduziert gesenkt abgesenkt angehoben angepasst "
     "geändert erstellt angelegt eingetragen gesendet geschickt durchgesagt "
     "angekündigt stummgeschaltet aktiviert deaktiviert aktualisiert gespielt "
     "abgespielt übersprungen abgehakt heruntergefahren hochgefahren "
     "heruntergelassen hochgezogen verlängert verkürzt beendet erledigt "
     "aufgedreht runtergedreht heruntergedreht hochgedreht lauter leiser "
     "heller dunkler aufgenommen notiert gesperrt geregelt angehalten "
     "ausgelöst ausgeführt gefahren weitergegeben gestellt"},
    {"DO", "schalte mache stelle setze starte stoppe schliesse öffne dimme "
     "fahre füge spiele pausiere erhöhe senke aktiviere deaktiviere sperre "
     "verriegele verriegle entriegele entriegle lösche streiche drehe "
     "erstelle schicke sende regle reduziere lege trage setz stell mach "
     "schalt wecke erinnere breche beende entferne ändere sage"},
    {"INF", "einschalten ausschalten anschalten abschalten anmachen ausmachen "
     "aufmachen zumachen machen stellen einstellen setzen starten stoppen "
     "pausieren fortsetzen hinzufügen entfernen löschen streichen abbrechen "
     "verriegeln entriegeln abschliessen aufschliessen öffnen schliessen "
     "dimmen erhöhen verringern reduzieren senken anpassen ändern erstellen "
     "anlegen eintragen senden schicken aktivieren deaktivieren spielen "
     "abspielen überspringen herunterfahren hochfahren wecken erinnern "
     "klingeln angehen ausgehen läuten durchsagen abschalten sperren"},
    {"ON", "an aus auf zu offen geschlossen gesperrt aktiv heller dunkler "
     "lauter leiser wärmer kühler gedimmt unterwegs stumm ein"},
    {"FILL", "ok okay alles klar gut ja gerne gern natürlich sicher perfekt "
     "super prima verstanden so"},
    {"V", "ich du er sie es wir ihr ist sind war waren wird werden wurde "
     "wurden hat habe haben kann können soll sollte muss wenn ob dass nicht "
     "kein keine keinen was wie wo wann warum welche welches gibt das's "
     "bitte geht steht sag sagen dies da hier bin bist wäre würde möchte "
     "schalte schalten"},
    {"NO", "nicht kein keine keinen keinem keiner keines nichts nie niemals"},
    {"NONE", "kein keine keinen keinem keiner keines nichts"},
    {"CAN", "kann konnte können könnte konnten könnten lässt liess lassen "
     "darf"},
    {"BAD", "möglich verfügbar gefunden erreichbar vorhanden verbunden "
     "unterstützt geklappt funktioniert dimmbar gelungen installiert "
     "eingerichtet bekannt steuerbar angeschlossen zulässig erlaubt "
     "zugänglich finden steuern"},
    {NULL, NULL},
};

static const struct acts_pattern patterns[] = {
    /* Deeds. */
    {SIGN_DID, "ich habe|hab ... DONE"},
    {SIGN_DID, "habe|hab ich ... DONE"},
    {SIGN_DID, "^ *FILL habe|hab ... DONE"},
    {SIGN_DID, "wurde|wurden ... DONE"},
    {SIGN_DID, "ist|sind ... DONE worden"},
    {SIGN_DID, "ich *ADV DO"},
    {SIGN_DID, "DO ich"},
    {SIGN_DID, "^ *FILL DO"},
    {SIGN_DID, "^ *FILL ?ist ?alles erledigt|gemacht|geschafft|fertig $"},
    {SIGN_DID, "ist erledigt|geschafft $"},
    {SIGN_WILL, "ich werde ... INF"},
    {SIGN_WILL, "werde ich ... INF"},
    {SIGN_WILL, "^ *FILL wird gemacht|erledigt $"},
    {SIGN_WILL, "wird|werden ... DONE|INF"},
    /* What is so now. */
    {SIGN_CLAIM, "ist|sind .. jetzt|nun ... ON|DONE"},
    {SIGN_CLAIM, "jetzt|nun ist|sind ... ON|DONE"},
    {SIGN_CLAIM, "läuft|startet|beginnt|spielt|steht|stehen|leuchtet *ADV "
     "jetzt|nun|ab|los"},
    {SIGN_CLAIM, "jetzt|nun läuft|spielt|steht|stehen|leuchtet"},
    {SIGN_CLAIM, "geht|gehen *ADV an|aus|los|auf|zu"},
    {SIGN_CLAIM, "klingelt|weckt um|in"},
    {SIGN_CLAIM, "^ *FILL ~V ?~V ?~V ?~V ?~V DONE"},
    {SIGN_CLAIM, "^ *FILL DONE"},
    {SIGN_CLAIM, "^ *FILL ~V ?~V ?~V ?~V an|aus|auf|zu|offen $"},
    {SIGN_STATE, "ist|sind *ADV ON|DONE"},
    {SIGN_STATE, "ist|sind .. ON $"},
    {SIGN_STATE, "ist|sind ... DONE"},
    {SIGN_STATE, "läuft|laufen *ADV $"},
    {SIGN_STATE, "läuft|laufen *ADV im|in|auf|mit"},
    {SIGN_STATE, "steht|stehen *ADV auf"},
    /* What is not. */
    {SIGN_DENY, "CAN ... NO"},
    {SIGN_DENY, "NO ... kann|konnte|können|könnte|konnten"},
    {SIGN_DENY, "ich habe|hab .. NO"},
    {SIGN_DENY, "habe|hab ich .. NO"},
    {SIGN_DENY, "habe|hab|haben .. NO"},
    {SIGN_DENY, "weiss|kenne|finde|sehe|steuere|verstehe|erkenne .. NO"},
    {SIGN_DENY, "NO ... BAD|zugriff|möglichkeit|zugang|informationen"},
    {SIGN_DENY, "fehler|fehlgeschlagen|gescheitert|schiefgegangen|"
     "schiefgelaufen|schief|unmöglich|misslungen"},
    {SIGN_DENY, "nicht in der lage"},
    {SIGN_DENY, "geht|ging|klappt|klappte|funktioniert|reagiert|antwortet|"
     "existiert|gehört .. NO"},
    {SIGN_DENY, "unterstützt|unterstützen .. NO"},
    {SIGN_DENY, "leider NO"},
    {SIGN_DENY, "wurde|wurden .. NO"},
    {SIGN_LACK, "gibt ... NO"},
    {SIGN_LACK, "ist|sind|war|waren *ADV leider ?NO"},
    {SIGN_LACK, "ist|sind *ADV NONE"},
    {SIGN_LACK, "hat|haben|hast .. NONE"},
    {SIGN_LACK, "NONE .. da|hier|eingerichtet|gestellt"},
    {SIGN_LACK, "kann|können|geht|gehen|habe|hat|gibt|reicht .. nur"},
    {SIGN_LACK, "nur .. steuern|dimmen|schalten"},
    {SIGN_LACK, "fehlt|höchstens|maximal"},
    /* Refusals. */
    {SIGN_REFUSE, "als ki|sprachmodell|assistent|computer|künstliche"},
    {SIGN_REFUSE, "als ein|reiner|virtueller|digitaler .. "
     "ki|sprachmodell|assistent|modell"},
    {SIGN_REFUSE, "bin *ADV nur ein|eine"},
    {SIGN_REFUSE, "sprachmodell"},
    {SIGN_REFUSE, "nicht *ADV ?weiter helfen|weiterhelfen|behilflich"},
    {SIGN_REFUSE, "darf .. NO"},
    {SIGN_REFUSE, "werde|werd .. nicht"},
    {SIGN_REFUSE, "weigere|verweigere|ablehnen"},
    {SIGN_REFUSE, "gegen ... richtlinien|regeln|vorschriften"},
    /* Questions. */
    {SIGN_ASK, "sag|sage|sagen|nenne|nennen|verrate .. WH|den|die|das"},
    {SIGN_ASK, "bitte ... genauer|präzisiere|präzisieren|angeben|wiederholen|"
     "wiederhole"},
    {SIGN_ASK, "wissen WH"},
    {SIGN_ASK, "sicher WH"},
    {SIGN_ASK, "< *FILL welches|welche|welchen|welcher|welchem"},
    {SIGN_ASK, "< *FILL in|für|auf|bei welchem|welcher|welches|welchen|wie"},
    {SIGN_ASK, "< *FILL meinst|meinen du|sie"},
    {SIGN_CONFIRM, "soll|sollen|sollte ich|wir|sie|es"},
    {SIGN_CONFIRM, "darf ich"},
    {SIGN_CONFIRM, "möchtest|möchten|willst|wollen|soll ... dass ich"},
    {SIGN_CONFIRM, "möchtest|möchten|willst|wollen ... INF"},
    {SIGN_CONFIRM, "bist|sind du|sie .. sicher"},
    {SIGN_CONFIRM, "kann ich ... INF"},
    {SIGN_CONFIRM, "bestätige|bestätigen|bestätigst|fortfahren"},
    {SIGN_CONFIRM, "ist|wäre das .. ok|okay|richtig|recht|ordnung|korrekt"},
    {SIGN_CONFIRM, "richtig|stimmt|korrekt $"},
    {SIGN_INSIST, "bitte .. bestätige|bestätigen"},
    {SIGN_INSIST, "bestätige|bestätigen .. bitte"},
    {SIGN_INSIST, "< *FILL soll ich"},
    /* Offers. */
    {SIGN_OFFER, "sonst noch|etwas|was"},
    {SIGN_OFFER, "noch etwas|was|irgendetwas|irgendwas|andere|weitere|helfen"},
    {SIGN_OFFER, "wie|womit|wobei|was kann|darf|können ich|wir"},
    {SIGN_OFFER, "kann|darf|können ich|wir .. helfen|behilflich|weiterhelfen"},
    {SIGN_OFFER, "kann|können .. ?ich noch"},
    {SIGN_OFFER, "weitere fragen|wünsche|aufgaben"},
    {SIGN_OFFER, "wie geht|war|ist dein|es|ihr|der"},
    {SIGN_POLITE, "bescheid"},
    {SIGN_POLITE, "zur verfügung"},
    {SIGN_POLITE, "gern|gerne ... helfen"},
    {SIGN_POLITE, "wenn|falls ... brauchst|benötigst|brauchen|benötigen|hast"},
    {SIGN_RHETORIC, "wusstest|wussten|weisst du|sie"},
    {SIGN_RHETORIC, "< *FILL warum"},
    {SIGN_CLAIM, NULL},
};

const struct acts_table acts_de = {"de", classes, patterns};
