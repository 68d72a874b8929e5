/* SPDX-License-Identifier: MIT */
/* language_words.h - data of language.c: what tells a language in a short
 * sentence. Written by hand: the words that hold sentences together, and
 * those of talk with a machine at home. A word may be in several languages;
 * it then tells less. Lower case, each with a space on both sides. */
#ifndef LANGUAGE_WORDS_H
#define LANGUAGE_WORDS_H

static const char *const common_words[] = {
    /* en */
    " the of and to a in is it you that he was for on are with as i his they "
    "be at one have this from or had by not but what all were we when your "
    "can said there an each which she do how their if will up other about out "
    "many then them these so some her would make like him into time has look "
    "two more go see no way could people my than first been call who its now "
    "find long down day did get come made may part over new after also our "
    "me us am does done don't doesn't didn't isn't aren't wasn't can't "
    "couldn't "
    "won't i'm it's you're that's there's they're we're i've i'll let's what's "
    "here where why yes okay sorry please thanks thank hello hi good well very "
    "just only any every much too off turn turned set light lights room rooms "
    "kitchen bedroom door window off open opened close closed minutes minute "
    "hour hours seconds timer degrees currently warm cold today tomorrow "
    "tonight morning evening weather night never always nothing something "
    "anything everything should must might before while because under between "
    "through still again another same right left back three four five six "
    "seven eight nine ten it'll you'll password field user value least enter "
    "select date change changed page name list item items unknown ",
    /* de */
    " der die das und ist in zu den nicht von sie es mit sich des auf für im "
    "dem ein eine als auch an er hat dass daß aus bei nach wird einen um am "
    "sind noch wie einem über so zum haben nur oder aber vor zur bis mehr "
    "durch man sein wurde wurden seid war waren werden wenn hatte kann können "
    "ich du wir ihr mir mich dich dir uns euch ihnen ihn ihm mein meine dein "
    "deine kein keine keinen keiner unser jetzt hier da dort dann denn weil "
    "was wer wo warum wann welche welcher welches ja nein bitte danke hallo "
    "guten gut sehr schon immer nie nichts etwas alles alle alten neu neue "
    "neuen licht lichter lampe lampen küche schlafzimmer wohnzimmer zimmer "
    "raum tür fenster aus an eingeschaltet ausgeschaltet schalte schalt mach "
    "mache stelle stell minuten minute stunde stunden sekunden uhr grad heute "
    "morgen abend nacht wetter warm kalt gerade gibt geht ging habe hast "
    "gestellt gestartet gestoppt offen geöffnet geschlossen zwei drei vier "
    "fünf sechs sieben acht neun zehn beim vom ins ob sondern damit doch mal "
    "wieder diese dieser dieses diesen jede jeder jedes viel viele wenig "
    "müssen muss soll sollte will wollte möchte könnte würde leider tut leid "
    "bin läuft lauten auf zu eingeben geben passwort feld wert sein darf "
    "dürfen mindestens höchstens seite datum ändern geändert eines ",
    /* es */
    " de la que el en y a los se del las un por con no una su para es al lo "
    "como más o pero sus le ha me si sin sobre este ya entre cuando todo esta "
    "ser son dos también fue había era muy años hasta desde está están mi "
    "porque qué sólo solo han yo hay vez puede pueden todos así nos ni parte "
    "tiene tienen él uno donde bien tiempo mismo ese ahora cada e vida otro "
    "después te otros aunque esa eso hace otra gobierno tan durante siempre "
    "día tanto ella tres sí no gracias hola por favor buenos buenas buenos "
    "noches tardes luz luces cocina dormitorio salón habitación puerta ventana "
    "encendida encendido encendidas apagada apagado enciende encender apaga "
    "apagar pon poner abre abrir cierra cerrar abierta cerrada minutos minuto "
    "hora horas segundos temporizador temporizadores grados hoy mañana noche "
    "tiempo calor frío puedo puedes quiero quieres tengo estoy eres soy fuera "
    "dentro nada algo nunca aquí allí cuatro cinco seis siete ocho nueve diez "
    "cuánto cuántos cuántas cuál cuáles dónde quién cómo lo siento ningún "
    "ninguna ninguno algún alguna qué unos unas usted ustedes sea contraseña "
    "valor campo fecha usuario debe deben asegúrese menos introduzca elija "
    "seleccione cambiar añadir lista dispositivo dispositivos del encontrado "
    "ese esos estos estas nuestro tu tus mis he has hemos fue ",
    /* fr */
    " de la le et les des en un du une que est pour qui dans a par plus pas au "
    "sur ne se ce il sont avec ou son lui nous comme mais on leur sans cette "
    "aux être fait elle deux même tout tous bien ont été après si vous ces "
    "entre encore aussi peut avait sa autre y moins où dont jusqu'à je tu ils "
    "elles me te mon ton ma ta mes tes ses nos vos notre votre suis es sommes "
    "êtes ai as avons avez c'est n'est d'un d'une j'ai l'a qu'il qu'elle n'ai "
    "il y oui non merci bonjour bonsoir salut désolé très trop ici là quand "
    "quel quelle quels quelles quoi pourquoi comment combien rien jamais "
    "toujours maintenant aujourd'hui demain hier soir matin nuit jour heure "
    "heures minute minutes secondes minuteur minuteurs lumière lumières lampe "
    "cuisine chambre salon porte fenêtre pièce allumée allumé allumées éteinte "
    "éteint éteintes allume allumer éteins éteindre ouvre ouvrir ouverte ferme "
    "fermer fermée mets mettre degrés chaud froid fait temps trois quatre cinq "
    "sept huit neuf dix chez vers sous aucun aucune quelque chose peux pouvez "
    "veux voulez voudrais faut doit doivent valeur champ mot passe page nom "
    "saisissez sélectionnez modifier liste utilisateur cela ceci ça celui "
    "appareil soit était étaient sera puis alors donc car assurez afin ",
    /* it */
    " di e il la che in un a per è una sono con non si da come le dei nel alla "
    "più del della al i lo gli ma anche o ha ho se su delle questo questa ed "
    "dal dalla dalle degli nella nelle nei sul sulla sulle loro era essere "
    "stato stata stati state ci suo sua tra fra due tutti tutto tutte molto "
    "poi quando dove chi cosa perché quale quali quanto quanti quante mi ti vi "
    "ne io tu lui lei noi voi mio mia tuo tua hai abbiamo hanno sei siamo "
    "sono fa fatto sì no grazie ciao buongiorno buonasera prego scusa mi "
    "dispiace bene oggi domani ieri sera notte mattina ora ore adesso minuto "
    "minuti secondi timer luce luci lampada cucina camera soggiorno stanza "
    "porta finestra accesa acceso accese accesi spenta spento spente accendi "
    "accendere spegni spegnere apri aprire aperta aperto chiudi chiudere "
    "chiusa chiuso imposta impostato impostata gradi caldo freddo tempo tre "
    "quattro cinque sette otto nove dieci posso puoi può possono voglio vuoi "
    "devo deve devono niente nulla qualcosa mai sempre qui già ancora così "
    "solo nessun nessuna nessuno alcun ogni altro altra altri dell'utente "
    "c'è ci valore campo almeno inserisci inserire seleziona modifica elenco "
    "pagina nome questi queste quello quella dispositivo dispositivi trovato "
    "sia dello allo agli alle ai dai sui all dell nell dall sull l'ora "
    "un'altra l dall'elenco ",
    /* nl */
    " de van het een en in is dat op te zijn met voor niet aan er die om ook "
    "als bij door dan maar uit naar of nog wordt worden werd over heeft hebben "
    "had was waren tot hij ze zij ik je jij jullie u we wij mij me hem haar "
    "ons onze mijn jouw uw hun geen wel al meer veel weinig zo nu hier daar "
    "waar wat wie waarom wanneer hoe hoeveel welke welk deze dit kan kun "
    "kunnen kon moet moeten zal zullen zou zouden wil willen mag mogen ben "
    "bent heb hebt gaat gaan doe doet doen gedaan ja nee dank dankjewel "
    "bedankt "
    "alstublieft alsjeblieft hallo goed goede goedemorgen sorry heel erg "
    "altijd "
    "nooit iets niets alles alle licht lichten lamp lampen keuken slaapkamer "
    "woonkamer kamer deur raam ramen uit aan ingeschakeld uitgeschakeld zet "
    "gezet doe open dicht gesloten geopend minuten minuut uur uren seconden "
    "seconde graden vandaag morgen avond ochtend nacht weer warm koud twee "
    "drie vier vijf zes zeven acht negen tien onder tussen zonder tegen sinds "
    "want omdat toen terwijl zich zelf elke elk ieder iedere andere ander "
    "weet vinden gevonden apparaat apparaten wachtwoord waarde veld minstens "
    "minimaal maximaal voer voeg selecteer wijzig wijzigen lijst pagina naam "
    "gebruiker gebruikers zorg ervoor staat staan ligt komt kom gezien maak "
    "ervan erin eens toch even klaar buiten binnen dus 't ",
    /* pt */
    " de a o que e do da em um para é com não uma os no se na por mais as dos "
    "como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está "
    "estão eu também só pelo pela até isso ela entre era depois sem mesmo aos "
    "ter seus quem nas me esse eles estava você vocês tinha foram essa num nem "
    "suas meu às minha têm numa pelos elas havia seja qual será nós tenho lhe "
    "deles este esta fosse dele tu te seu teu tua sou são somos estou estás "
    "sim não obrigado obrigada olá oi bom boa dia noite tarde hoje amanhã "
    "ontem agora aqui ali onde quanto quantos quantas quantas quais o porque "
    "luz luzes cozinha quarto sala porta janela ligada ligado ligadas acesa "
    "desligada desligado desligadas liga ligar ligue desliga desligar desligue "
    "acende acender apaga apagar abre abrir aberta aberto fecha fechar fechada "
    "fechado minutos minuto hora horas segundos temporizador temporizadores "
    "graus quente frio tempo dois duas três quatro cinco seis sete oito nove "
    "dez posso pode podem podes quero quer nada algo nunca sempre muito pouco "
    "todos todas tudo nenhum nenhuma algum alguma desculpe desculpa lamento "
    "senha palavra passe valor campo introduza insira selecione certifique "
    "menos lista utilizador usuário dispositivo dispositivos encontrado deve "
    "devem este estes estas deste desta neste nesta dum duma cada outro outra "
    "outros ainda bem fazer faz feito vai vou foi pôr põe lá cá pronto ",
    /* pl */
    " i w nie na się z do to że jest a o jak ale po co tak za od już tylko "
    "przez było dla są był była był jego jej ich ten ta te tego tej tym tych "
    "go mu mi mnie cię ci ty ja my wy on ona oni one nas was nam wam ze we ku "
    "może można przy też czy kiedy gdzie kto dlaczego ile jaki jaka jakie "
    "który która które których mam masz ma mamy mają jestem jesteś będzie "
    "będą być bardzo dobrze dobry dobra dzień dobranoc dziękuję proszę cześć "
    "przepraszam niestety tak teraz dziś dzisiaj jutro wczoraj tutaj tu tam "
    "zawsze nigdy nic coś wszystko wszystkie wszystkich wszystkim światło "
    "światła świateł lampa lampę kuchni kuchnia sypialni salonie salon pokój "
    "pokoju drzwi okno okna włączone włączono włączony włącz wyłączone "
    "wyłączono wyłącz ustaw ustawiono otwórz otwarte otwarto zamknij zamknięte "
    "zamknięto minut minuty minutę godzin godziny godzina godzinę sekund "
    "stopni ciepło zimno pogoda jeden dwa trzy cztery pięć sześć siedem osiem "
    "dziewięć dziesięć mogę możesz chcę chcesz bez pod nad przed oraz lub "
    "albo więc bo gdy jeśli aby żeby żaden żadne żadnych znaleziono wartość "
    "pole hasło musi powinno wpisz wybierz zmień zmiana lista strona nazwa "
    "nazwie urządzenie urządzenia użytkownik użytkownika nowe nowy jako "
    "jeszcze tylko swoje swój ponownie więcej mniej dużo mało ",
};

/* How words begin, hold together and end: a part with a '-' where letters
 * may stand. Only what is rare in the other seven. */
static const char *const common_parts[] = {
    /* en */
    "-ing -ed -ly -tion -ness -ght- th- wh- sh- -sh -th -ck -ck- -ould -ee- "
    "-ea- -oo- kn- wr- -y -'s -n't -'re -'ll -'ve -ful -able -ous -ment -ow "
    "-ew -ay -ll ",
    /* de */
    "-ung -ungen -sch- sch- -ch -cht -cht- -ich -lich -keit -heit -isch -ie- "
    "-ei- -eu- -tz -tz- -pf- ge- ver- be- ein- aus- -en -er -tzt ü- -ü- ö- -ö- "
    "ä- -ä- -ß -ß- -ier- -zu- -ung- zw- -äu- -chen ab- -em -lt -ert -st ",
    /* es */
    "-ción -ciones -dad -ñ- -ado -ada -ados -adas -ido -ida -ar -ir -ando "
    "-iendo -mente -os -as -ue- -ie- -ll- ll- -ón -é -ó -í- -ia -ito -ita "
    "-amos -ero -era -qui- ",
    /* fr */
    "-tion -ment -eau -eaux -eux -ez -er -é -ée -ées -és -ais -ait -aient -oi- "
    "-ou- -eu- -è- -ê- ê- é- -û- -î- -ç- l'- d'- j'- n'- qu'- c'- s'- m'- "
    "-que -ette -elle -ère -aire -oir -ille -ont -ans -ent -aux -œ- œ- -ains ",
    /* it */
    "-zione -zioni -mente -ità -ato -ata -ati -ate -are -ere -ire -ando -endo "
    "-gli- gli- -cch- -zz- -tt- -ss- -ll- -gn- -gg- -cc- -à -è -ì -ò -ù -ino "
    "-ina -etto -etta -ci -che -chi -ghi- -uo- -oni -iere -ali l'- -ello -ella "
    "-bb- -pp- dell'- all'- nell'- un'- sp- -li -si -zio ",
    /* nl */
    "-ij- -ij ij- -aa- -oo- -ee- -uu- -oe- -ui- ui- -eu- -sch- sch- ge- -en "
    "-cht -heid -lijk -lijke -tje -tjes -je -ieuw- -eeuw- -oor -aar -ingen "
    "-ing ver- -dt -ijk- -oud- -ouw- -ecte- zw- -kk- aa- -aan -end -eerd -eer "
    "-ën -uit- ",
    /* pt */
    "-ção -ções -ão -ões -ã -õ- -ã- -nh- -lh- -dade -ado -ada -ados -adas -ido "
    "-ida -ar -mente -ês -á -ê- -ô- -ç- -am -em -ou -ei -eu -ando -endo -indo "
    "-os -as -eira -eiro -ais -eis -inho -inha -ss- -rr- -iu -im ",
    /* pl */
    "-ł- ł- -ł -ą -ę -ś -ć -ń -ż- ż- -ź- -ó- -sz- -cz- -rz- sz- cz- prz- -ść "
    "-ości -ość -owy -owa -owe -ego -emu -ych -ich -ami -ach -om -ów -ski "
    "-ska -skie -nie -anie -enie -cja -cji -cję -dz- dz- -wy- wy- -ny -na -ne "
    "-ej -ym -im -ły -ę- -ą- -ś- ś- -ć- -ń- -ż -rz -uj -cie -zy- -ty -ia ",
};

#endif
