/* SPDX-License-Identifier: MIT */
/* acts_es.c - Spanish: see acts_table.h. A negation stands before its verb;
 * an opening question mark starts a sentence. */
#include <stddef.h>

#include "score/acts_table.h"

static const struct acts_class classes[] = {
    {CLASS_NEGATION, "no nunca ningún ninguna ninguno nada tampoco sin ni"},
    {CLASS_GUARD, "si cuando puedo podría podríamos puedes quieres quiere "
     "quería querías debería después antes favor intenta intentar intentando "
     "mientras al hasta"},
    {CLASS_CONDITION, "si cuando"},
    {CLASS_BEFORE, "ya todavía aún sigue siguen"},
    {CLASS_QUESTION, "qué cuál cuáles cuánto cuántos cuánta cuántas cómo dónde "
     "cuándo quién"},
    {CLASS_BUT, "pero sino porque aunque"},
    {CLASS_AND, "y e"},
    {"ADV", "ya ahora también correctamente bien todo todas todos lo la los "
     "las le te me se acabo de recién mismo"},
    {"DONE", "encendido encendida encendidos encendidas apagado apagada "
     "apagados apagadas puesto puesta ajustado ajustada iniciado iniciada "
     "comenzado empezado parado detenido detenida pausado pausada reanudado "
     "añadido añadida añadidos agregado agregada eliminado eliminada borrado "
     "borrada quitado cancelado cancelada cerrado cerrada cerrados cerradas "
     "abierto abierta abiertos abiertas bloqueado bloqueada desbloqueado "
     "desbloqueada atenuado atenuada aumentado aumentada subido subida bajado "
     "bajada reducido reducida cambiado cambiada creado creada programado "
     "programada enviado enviada anunciado silenciado silenciada activado "
     "activada desactivado desactivada actualizado reproducido saltado "
     "marcado configurado configurada establecido establecida regulado "
     "conectado desconectado hecho terminado fijado fijada"},
    {"DO", "enciendo apago cierro abro pongo subo bajo ajusto inicio activo "
     "desactivo añado agrego bloqueo desbloqueo cambio elimino quito cancelo "
     "pauso reanudo atenúo reduzco aumento programo envío silencio reproduzco "
     "configuro establezco encenderé apagaré cerraré abriré pondré subiré "
     "bajaré ajustaré iniciaré activaré desactivaré añadiré agregaré "
     "bloquearé desbloquearé cambiaré eliminaré cancelaré pausaré enviaré "
     "programaré avisaré despertaré recordaré configuraré"},
    {"ING", "encendiendo apagando cerrando abriendo poniendo subiendo bajando "
     "ajustando iniciando activando desactivando añadiendo agregando "
     "bloqueando desbloqueando cambiando eliminando cancelando pausando "
     "reanudando atenuando reduciendo aumentando programando enviando "
     "reproduciendo configurando"},
    {"INF", "encender apagar cerrar abrir poner subir bajar ajustar iniciar "
     "activar desactivar añadir agregar bloquear desbloquear cambiar eliminar "
     "quitar cancelar pausar reanudar atenuar reducir aumentar programar "
     "enviar reproducir configurar establecer encenderla apagarla hacerlo "
     "encenderlo apagarlo ponerla ponerlo cerrarla abrirla silenciar"},
    {"FILL", "ok okay vale claro bien sí perfecto entendido bueno genial "
     "supuesto por de acuerdo muy todo"},
    {"V", "yo tú él ella es son era está están estaba he ha han hay hemos no "
     "puedo puede quieres quiere que qué si cuando como cómo para se tengo "
     "tienes tiene fue fueron ya voy te me le lo estoy sigue todavía debes"},
    {"NOT", "puedo pude podido puede pueden podemos pudo podía he ha han hemos "
     "encuentro encontré encontró encuentra tengo tiene tienes reconozco "
     "existe existen conozco sé veo dispongo funciona funcionó responde admite "
     "soporta logré consigo conseguí cuento aparece permite hice controlo "
     "dispone cuenta"},
    {NULL, NULL},
};

static const struct acts_pattern patterns[] = {
    /* Deeds. */
    {SIGN_DID, "he|hemos *ADV DONE"},
    {SIGN_DID, "se ha|han *ADV DONE"},
    {SIGN_DID, "ha|han sido *ADV DONE"},
    {SIGN_DID, "^ *FILL *ADV DO"},
    {SIGN_DID, "ahora|enseguida *ADV DO"},
    {SIGN_DID, "estoy|estamos *ADV ING"},
    {SIGN_DID, "^ *FILL ING"},
    {SIGN_DID, "^ *FILL listo|hecho $"},
    {SIGN_DID, "^ *FILL está listo|hecho $"},
    {SIGN_DID, "^ *FILL acabo de INF"},
    {SIGN_WILL, "voy|vamos a INF"},
    {SIGN_WILL, "será|serán DONE"},
    {SIGN_WILL, "sonará|avisaré"},
    /* What is so now. */
    {SIGN_CLAIM, "ha|han *ADV DONE"},
    {SIGN_CLAIM, "ahora *ADV está|están ... DONE|al|a|en"},
    {SIGN_CLAIM, "está|están *ADV DONE .. ahora"},
    {SIGN_CLAIM, "está|están ahora ... DONE|al|a"},
    {SIGN_CLAIM, "queda|quedan|quedó|quedaron *ADV DONE"},
    {SIGN_CLAIM, "^ *FILL DONE"},
    {SIGN_CLAIM, "^ *FILL ~V ?~V ?~V ?~V ?~V ?~V DONE"},
    {SIGN_STATE, "está|están *ADV DONE"},
    {SIGN_STATE, "está|están *ADV al|a"},
    {SIGN_STATE, "está|están *ADV en la|tu lista"},
    {SIGN_STATE, "está en marcha|funcionamiento"},
    /* What is not. */
    {SIGN_DENY, "no ?se|la|lo|le|te|me ?la|lo|le|te NOT"},
    {SIGN_DENY, "no *ADV fue|es|era|ha|está|están ?sido posible|disponible|"
     "compatible|conectado|conectada|disponibles|configurado|configurada|un|"
     "una|encontrado"},
    {SIGN_DENY, "error|falló|fallado|fallo|imposible"},
    {SIGN_DENY, "algo salió|ha ?salido mal"},
    {SIGN_DENY, "problema al|con"},
    {SIGN_DENY, "ningún|ninguna .. encontrado|llamado|llamada|disponible"},
    {SIGN_DENY, "sin acceso"},
    {SIGN_DENY, "no DO|encendí|apagué|cerré|abrí|puse|cambié"},
    {SIGN_LACK, "no hay|había|veo"},
    {SIGN_LACK, "solo|sólo|solamente *ADV puedo|puede|tengo|tiene|hay|llega"},
    {SIGN_LACK, "no|nada es|hay|existe"},
    {SIGN_LACK, "el máximo|mínimo"},
    /* Refusals. */
    {SIGN_REFUSE, "como ?un|una ia|modelo|asistente|inteligencia"},
    {SIGN_REFUSE, "modelo de lenguaje"},
    {SIGN_REFUSE, "soy *ADV ?solo|sólo un|una modelo|asistente|ia|"
     "inteligencia"},
    {SIGN_REFUSE, "no ?te|le|lo puedo|podemos ayudarte|ayudarle|ayudar|"
     "asistirte|cumplir|proporcionar"},
    {SIGN_REFUSE, "no voy|debo|deseo a|hacer|hacerlo|INF"},
    {SIGN_REFUSE, "me niego"},
    {SIGN_REFUSE, "no estoy autorizado|programado|diseñado|autorizada"},
    {SIGN_REFUSE, "contra ... políticas|normas|reglas|directrices"},
    /* Questions. */
    {SIGN_ASK, "dime|dígame|decirme|indica|indicar|indícame|saber|seguro WH"},
    {SIGN_ASK, "especifica|especificar|especifique|aclara|aclarar|aclárame|"
     "indica|concretar|repite|repetir"},
    {SIGN_ASK, "< *FILL qué|cuál|cuánto|cuántos luz|habitación|lámpara|minutos|"
     "de|temperatura"},
    {SIGN_CONFIRM, "quieres|quiere|deseas|desea|gustaría|prefieres que"},
    {SIGN_CONFIRM, "quieres|quiere|deseas|desea|gustaría INF"},
    {SIGN_CONFIRM, "estás|está *ADV seguro|segura"},
    {SIGN_CONFIRM, "debo|debería|puedo|podría INF"},
    {SIGN_CONFIRM, "confirmas|confirma|confirmar|confirmo|procedo|continúo"},
    {SIGN_CONFIRM, "está bien|vale si|así"},
    {SIGN_CONFIRM, "te parece|va bien"},
    {SIGN_CONFIRM, "< *FILL *ADV DO"},
    {SIGN_CONFIRM, "verdad|correcto|cierto $"},
    {SIGN_INSIST, "confirma|confirme|confírmame|confirmes que|si|la|por"},
    /* Offers. */
    {SIGN_OFFER, "algo más|mas"},
    {SIGN_OFFER, "otra cosa|pregunta|duda"},
    {SIGN_OFFER, "en qué *ADV ?más puedo|podría"},
    {SIGN_OFFER, "qué ?más puedo hacer"},
    {SIGN_OFFER, "cómo puedo|estás|está|te"},
    {SIGN_OFFER, "puedo ayudarte|ayudarle|ayudar"},
    {SIGN_OFFER, "necesitas|necesita *ADV ?más ayuda"},
    {SIGN_POLITE, "no dudes"},
    {SIGN_POLITE, "avísame|avisa"},
    {SIGN_POLITE, "si necesitas|necesita|tienes"},
    {SIGN_POLITE, "aquí para"},
    {SIGN_POLITE, "encantado|encantada|feliz de ayudar|ayudarte"},
    {SIGN_RHETORIC, "sabías que"},
    {SIGN_RHETORIC, "< *FILL por qué"},
    {SIGN_CLAIM, NULL},
};

const struct acts_table acts_es = {"es", classes, patterns};
