/* SPDX-License-Identifier: MIT */
/* acts_en.c - English: see acts_table.h. */
#include <stddef.h>

#include "score/acts_table.h"

static const struct acts_class classes[] = {
    {CLASS_NEGATION, "not no never nothing none neither isn't aren't wasn't "
     "weren't haven't hasn't hadn't don't doesn't didn't can't cannot couldn't "
     "won't wouldn't shouldn't nobody unable failed"},
    {CLASS_GUARD, "if when whenever once unless whether until before after "
     "would could can might should may must need want wanted wants asked ask "
     "asking like please ensure sure says saying try trying "
     "tried how why what which where who while i'd you'd make making let's "
     "requested"},
    {CLASS_CONDITION, "if once unless whenever"},
    {CLASS_BEFORE, "already still currently yet"},
    {CLASS_QUESTION, "which what how where when who whose why"},
    {CLASS_BUT, "but so because although though however"},
    {CLASS_AND, "and"},
    {"ADV", "now just also already successfully both all automatically again "
     "safely immediately completely gently slightly fully then finally half "
     "halfway partly"},
    {"DONE", "turned switched set started stopped paused resumed added removed "
     "deleted cancelled canceled locked unlocked opened closed dimmed "
     "brightened increased decreased raised lowered adjusted changed created "
     "scheduled sent announced broadcast broadcasted muted unmuted activated "
     "deactivated enabled disabled updated skipped marked ticked crossed shut "
     "reset extended shortened docked triggered begun reduced notified "
     "completed cleared put made armed disarmed restarted played rescheduled "
     "moved postponed powered drawn rolled executed saved recorded halved "
     "doubled warmed cooled tilted relayed delivered sorted told "
     "swapped replaced took ran gave brought called emptied watered"},
    {"ING", "turning switching setting starting stopping pausing resuming "
     "adding removing deleting cancelling canceling locking unlocking opening "
     "closing dimming brightening increasing decreasing raising lowering "
     "adjusting changing creating scheduling sending announcing broadcasting "
     "muting unmuting activating deactivating enabling disabling updating "
     "skipping playing marking shutting resetting extending moving putting "
     "docking running reducing warming cooling making bringing powering "
     "taking ticking crossing clearing"},
    {"BASE", "turn switch set start stop pause resume add remove delete cancel "
     "lock unlock open close dim brighten increase decrease raise lower adjust "
     "change create schedule send announce broadcast mute unmute activate "
     "deactivate enable disable update skip play mark shut reset extend put "
     "dock run reduce wake remind alert notify make bring move do handle "
     "take"},
    {"ON", "on off open closed shut locked unlocked lit dimmed muted unmuted "
     "paused playing running active armed brighter dimmer warmer cooler "
     "darker louder quieter softer higher lower up down going cleaning "
     "starting started ticking counting done gone back"},
    {"COLOR", "red green blue yellow orange purple pink white violet cyan "
     "magenta turquoise teal gold amber warm cool dark bright quiet loud"},
    {"IS", "is are 's it's that's they're everything's light's lights "
     "volume's timer's alarm's fan's door's lamp's music's heating's we're"},
    {"BE", "is are am was were be been it's that's isn't aren't requires needs "
     "takes helps makes would will can may might has means costs"},
    {"FILL", "ok okay sure alright right great perfect certainly absolutely "
     "yes yep yeah understood well now so all cool fine good there"},
    {"V", "i you he she it we they me is are was were be been have has had do "
     "does did can could will would should may might must not no never there "
     "this that these those what which who when where why how if to please "
     "let got get want need turn switch say says said i've i'm i'll it's "
     "that's you've you're you'd i'd don't while means because or once "
     "either"},
    {"CANT", "can't cannot couldn't cant"},
    {"DONT", "don't doesn't didn't dont"},
    {"ISNT", "isn't aren't wasn't weren't ain't"},
    {"THING", "find see have support exist know recognise recognize control "
     "offer respond work allow include recall seem appear come do change dim "
     "go understand reach show get got lock turn set start open close "
     "connect register let got feel like own think play speak"},
    {"BAD", "able available possible connected responding supported working "
     "allowed installed configured dimmable reachable online part something "
     "controllable set equipped compatible aware designed capable listed "
     "included recognised recognized linked permitted any a an one in here "
     "known there"},
    {"ME", "i we"},
    {NULL, NULL},
};

static const struct acts_pattern patterns[] = {
    /* Deeds. */
    {SIGN_DID, "i've|we've *ADV ?gone ?ahead DONE"},
    {SIGN_DID, "ME have|had *ADV ?gone ?ahead DONE"},
    {SIGN_DID, "i've|i gone|went ahead"},
    {SIGN_DID, "ME *ADV DONE"},
    {SIGN_DID, "i've|have taken care"},
    {SIGN_DID, "i'm|we're *ADV ING"},
    {SIGN_DID, "i am|was *ADV ING"},
    {SIGN_DID, "has|have *ADV been *ADV DONE"},
    {SIGN_DID, "is|are being *ADV DONE"},
    {SIGN_DID, "^ *FILL done $"},
    {SIGN_DID, "^ all done|set $"},
    {SIGN_DID, "it's|that's|is *ADV ?all done|handled $"},
    {SIGN_DID, "consider it done"},
    {SIGN_DID, "^ *FILL ING !is|are|requires|can|will|would|may|the"},
    {SIGN_DID, "^ *FILL ING the|a|your|all|it|that|them"},
    {SIGN_WILL, "i'll|we'll *ADV ?go ?ahead ?and BASE"},
    {SIGN_WILL, "i will *ADV ?go ?ahead ?and BASE"},
    {SIGN_WILL, "i'm|am *ADV going to BASE"},
    {SIGN_WILL, "let me *ADV BASE"},
    {SIGN_WILL, "will *ADV be *ADV DONE|ON"},
    {SIGN_WILL, "will *ADV ring|sound|go|start|wake|turn|alert"},
    {SIGN_WILL, "^ *FILL will do $"},
    {SIGN_WILL, "^ *FILL on it $"},
    /* What is so now. */
    {SIGN_CLAIM, "is|are|'s|it's|they're now ON|DONE|COLOR|at|set|in"},
    {SIGN_CLAIM, "now is|are|it's ON|DONE|COLOR|at"},
    {SIGN_CLAIM, "is|are|it's ON|DONE|COLOR .. now"},
    {SIGN_CLAIM, "is|are *ADV back|up|down|at .. now"},
    {SIGN_CLAIM, "has|have *ADV started|stopped|begun|resumed|closed|opened"},
    {SIGN_CLAIM, "has|have *ADV turned|switched|changed|gone"},
    {SIGN_CLAIM, "starts|starting|start|counting|begins now|down"},
    {SIGN_CLAIM, "^ *FILL now ING"},
    {SIGN_CLAIM, "^ *FILL DONE !timers|alarms|reminders|a|an|the|your|them|it"},
    {SIGN_CLAIM, "< *FILL DONE the|your|it|them|a|an"},
    {SIGN_CLAIM, "^ *FILL ~V ?~V ?~V ?~V ?~V DONE"},
    {SIGN_CLAIM, "^ *FILL ~V ?~V ?~V ?~V on|off|open|closed|up|down $"},
    {SIGN_CLAIM, "^ *FILL lights on|off|out"},
    {SIGN_CLAIM, "there you go"},
    {SIGN_STATE, "IS *ADV ON|DONE"},
    {SIGN_STATE, "IS *ADV at"},
    {SIGN_STATE, "IS a ?little|bit|third|quarter|touch ON"},
    {SIGN_STATE, "runs|rings|plays|glows|heats|cools now|again|at|for|to|in"},
    {SIGN_CLAIM, "IS *ADV a|green|warm|cool|red|blue .. COLOR now|too|again"},
    {SIGN_CLAIM, "runs|rings|plays|glows|has .. now $"},
    {SIGN_STATE, "IS *ADV COLOR $"},
    {SIGN_STATE, "was|were *ADV DONE"},
    /* What is not. */
    {SIGN_DENY, "CANT !wait|believe|complain|stress|go"},
    {SIGN_DENY, "CANT go ~wrong"},
    {SIGN_DENY, "can|could not !only|wait"},
    {SIGN_DENY, "unable"},
    {SIGN_DENY, "not|never able"},
    {SIGN_DENY, "failed|fails"},
    {SIGN_DENY, "ME did|have not|never"},
    {SIGN_DENY, "ME didn't|haven't"},
    {SIGN_DENY, "~you hasn't|haven't|didn't !forget"},
    {SIGN_DENY, "did|has not"},
    {SIGN_DENY, "DONT *ADV ?actually ?really ?even ?seem ?to THING"},
    {SIGN_DENY, "do|does|did not ?seem ?to THING"},
    {SIGN_DENY, "no such"},
    {SIGN_DENY, "not *ADV found|available|possible|supported|responding"},
    {SIGN_DENY, "unavailable|impossible|unsupported|unreachable|offline"},
    {SIGN_DENY, "error|errors|malfunction"},
    {SIGN_DENY, "problem|issue|trouble|difficulty with|turning|setting|while"},
    {SIGN_DENY, "went wrong"},
    {SIGN_DENY, "i'm afraid"},
    {SIGN_DENY, "out of my|reach|range"},
    {SIGN_DENY, "beyond my|me|what"},
    {SIGN_DENY, "have|has no way|control|access|idea|information|record"},
    {SIGN_DENY, "no access|control|way to|over"},
    {SIGN_LACK, "ISNT *ADV BAD"},
    {SIGN_LACK, "is|are|was|were|i'm|am|it's|that's not *ADV BAD"},
    {SIGN_LACK, "there *ADV is|are|was|were *ADV no|not|nothing|none "
     "!need|reason|doubt|problem|hurry|rush"},
    {SIGN_LACK, "there's *ADV no|not|nothing !need|reason|doubt|problem|hurry"},
    {SIGN_LACK, "there isn't|aren't|wasn't|weren't"},
    {SIGN_LACK, "has|have|had|got|see|find|found|know *ADV "
     "no|nothing|none|neither !problem|need|doubt"},
    {SIGN_LACK, "no .. found|here|called|named|available|exists"},
    {SIGN_LACK, "nothing|nobody|none called|named|by|like|of|here"},
    {SIGN_LACK, "can|could only"},
    {SIGN_LACK, "only *ADV has|have|goes|go|do|does|control|controls|dims|"
     "works|supports|know|see|handle|turns|switches|reach|get"},
    {SIGN_LACK, "lacks|lack|missing"},
    {SIGN_LACK, "the only|highest|lowest|maximum|minimum|most"},
    /* Refusals. */
    {SIGN_REFUSE, "as an|a ?large ai|language|text|virtual|voice|artificial"},
    {SIGN_REFUSE, "i'm|am *ADV ?only a|an .. assistant|ai|model|bot|program"},
    {SIGN_REFUSE, "language model"},
    {SIGN_REFUSE, "CANT help|assist|fulfill|fulfil|comply !but"},
    {SIGN_REFUSE, "CANT *ADV be|provide of|that|assistance|help"},
    {SIGN_REFUSE, "can|could not help|assist|fulfill|fulfil|comply|provide"},
    {SIGN_REFUSE, "unable|able to help|assist|fulfill|fulfil|comply"},
    {SIGN_REFUSE, "i won't !forget|be"},
    {SIGN_REFUSE, "i will not"},
    {SIGN_REFUSE, "i'm|am not *ADV going|willing|allowed|permitted|comfortable"
     "|supposed"},
    {SIGN_REFUSE, "i|must refuse|decline"},
    {SIGN_REFUSE, "refuse|prefer|rather to|not"},
    {SIGN_REFUSE, "against|violates|violate my|our|the .. guidelines|policy|"
     "policies|rules|programming"},
    {SIGN_REFUSE, "inappropriate|unethical"},
    {SIGN_REFUSE, "not *ADV appropriate|programmed|designed"},
    /* Questions. */
    {SIGN_ASK, "tell|specify|clarify|say ?me ?exactly WH|the|if|whether"},
    {SIGN_ASK, "me|to|must know WH|the|if|whether"},
    {SIGN_ASK, "please *ADV specify|clarify|choose|pick|repeat|rephrase"},
    {SIGN_ASK, "can|could|would you *ADV ?please specify|clarify|repeat|tell|"
     "rephrase|say|confirm|give|provide|let"},
    {SIGN_ASK, "need|require *ADV more|to|some|a information|details|detail|"
     "know|bit"},
    {SIGN_ASK, "not *ADV sure|certain|clear WH"},
    {SIGN_ASK, "< *FILL which !is|are|was"},
    {SIGN_ASK, "^ *FILL what|which room|light|lamp|one|time|device|"
     "temperature"},
    {SIGN_ASK, "^ *FILL how many|long|much|bright|warm|loud"},
    {SIGN_ASK, "< *FILL did|do|would|should|shall you|i mean|want|like"},
    {SIGN_CONFIRM, "like|want|need|prefer|wish|have me to"},
    {SIGN_CONFIRM, "^ *FILL should|shall i|we"},
    {SIGN_CONFIRM, "^ *FILL may|can|could i *ADV ?go ?ahead ?and BASE"},
    {SIGN_CONFIRM, "you *ADV sure|certain|positive"},
    {SIGN_CONFIRM, "ok|okay|alright|fine|good if|to|with"},
    {SIGN_CONFIRM, "is|does that|this|it ok|okay|right|correct|alright|fine|"
     "what|sound"},
    {SIGN_CONFIRM, "you *ADV ?really like|want|wish to BASE"},
    {SIGN_CONFIRM, "you *ADV ?really like|want it|that|them|the .. "
     "DONE|on|off"},
    {SIGN_CONFIRM, "confirm|proceed|permission"},
    {SIGN_CONFIRM, "right|correct $"},
    {SIGN_INSIST, "please|can|could|must ?you *ADV confirm"},
    {SIGN_INSIST, "would you like me to"},
    {SIGN_INSIST, "do you want me to"},
    {SIGN_INSIST, "< *FILL shall|should i"},
    {SIGN_INSIST, "your confirmation|permission|approval"},
    /* Offers. */
    {SIGN_OFFER, "anything|something|what|who|anyone|nothing else"},
    {SIGN_OFFER, "how|what|where *ADV ?else can|may|could|might|should i .. "
     "help|assist|do|be !now"},
    {SIGN_OFFER, "can|may|could i *ADV help|assist|be"},
    {SIGN_OFFER, "anything you|i|more|specific|at"},
    {SIGN_OFFER, "need|want|like any|some|more|further .. help|assistance"},
    {SIGN_OFFER, "any other|more questions|requests|tasks|devices|commands"},
    {SIGN_OFFER, "how's|how are|is your|you|it day|evening|going|today|"
     "feeling"},
    {SIGN_POLITE, "let me know if|when|anytime|should"},
    {SIGN_POLITE, "let me know !WH $"},
    {SIGN_POLITE, "feel free"},
    {SIGN_POLITE, "just|simply ask|say|tell|let|shout|call"},
    {SIGN_POLITE, "here to|for help|assist|you"},
    {SIGN_POLITE, "happy|glad to help|assist"},
    {SIGN_POLITE, "don't hesitate"},
    {SIGN_RHETORIC, "did you *ADV know"},
    {SIGN_RHETORIC, "< *FILL why did|do|does|was|is|are|can't|couldn't|don't "
     "!you"},
    {SIGN_RHETORIC, "guess what|who"},
    {SIGN_RHETORIC, "isn't|aren't it|that|they"},
    {SIGN_CLAIM, NULL},
};

const struct acts_table acts_en = {"en", classes, patterns};
