package rules

import (
	"strconv"
	"strings"
)

// Names of the built-in models.
const (
	QueuesModel     = "queues"
	PrioritiesModel = "priorities"
)

// DefaultQueues sorts help-desk texts in English and German into queues. Its default label is "Unclassified".
func DefaultQueues() Model {
	return Model{Name: QueuesModel, Default: "Unclassified", Labels: []Label{
		label("Network", `vpn=1.5 wlan=1.5 wifi=1.5 wi-fi=1.5 lan network* netzwerk* internet=1.2 router switch dns dhcp firewall proxy
			ethernet=1.2 bandwidth latency ping=0.6 connection=0.4 verbindung*=0.4 access_point=1.2 tunnel fritzbox offline=0.5 *wlan=1.2`),
		label("Hardware", `printer*=1.5 *drucker=1.5 drucker*=1.5 laptop*=1.2 notebook*=1.2 monitor*=1.2 bildschirm*=1.2 screen=0.5 keyboard*=1.2
			tastatur*=1.2 mouse maus headset*=1.2 dock* docking_station=1.2 usb battery akku charger ladegerät* netzteil* toner=1.2
			scanner*=1.2 webcam* desktop=0.5 festplatte* disk=0.6 ssd ram hardware=1.2 paper_jam papierstau lüfter fan=0.5 beamer projector`),
		label("Software", `software=1.2 install*=0.8 installier*=0.8 application*=0.8 app=0.6 anwendung*=0.8 programm*=0.6 crash* absturz abstürz* stürzt_ab=1.2
			excel=1.2 word=0.6 outlook=1.2 teams=0.8 office=0.8 sap=1.2 erp crm browser* chrome firefox update*=0.7 upgrade*=0.7 licen[cs]e lizenz*
			error_message=0.6 fehlermeldung*=0.6 bug=1.2 version=0.5 plugin plug-in windows=0.6 macos=0.6 freez* friert_ein`),
		label("Accounts", `password*=1.5 passwort*=1.5 kennwort*=1.5 login*=1.2 log_in=1.2 anmeld*=1.0 sign_in=1.2 account*=1.0 konto=0.6 benutzerkonto*=1.5
			locked_out=1.5 gesperrt=1.0 entsperren=1.2 unlock* mfa=1.5 2fa=1.5 authenticator=1.2 permission* berechtigung*=1.2 access_rights=1.2
			zugriffsrecht*=1.2 zugang*=0.8 access=0.4 credentials=1.2 zugangsdaten=1.2 username=1.0 benutzername*=1.0 role=0.4 sso`),
		label("Billing", `invoice*=1.5 *rechnung=1.5 rechnung*=1.5 billing=1.5 payment*=1.2 zahlung*=1.2 bezahl*=1.0 refund*=1.2 erstattung*=1.2 charged=1.0
			abbuchung*=1.2 abgebucht=1.2 iban=1.2 vat mwst umsatzsteuer* purchase_order bestellnummer* mahnung*=1.5 reminder=0.3 dunning price
			preis* cost* kosten* subscription abo abonnement credit_card kreditkarte* gutschrift* budget=0.6`),
		label("HR", `vacation*=1.5 urlaub*=1.5 holiday*=0.8 leave_request=1.5 payroll=1.5 salary=1.5 gehalt*=1.5 gehaltsabrechnung*=6 lohnabrechnung*=6 lohn* payslip*=1.5 contract=0.7 arbeitsvertrag*=1.5
			onboarding=1.2 offboarding=1.2 new_employee=1.2 neue_mitarbeiterin=1.2 neuer_mitarbeiter=1.2 sick_leave=1.5 krankmeldung*=1.5
			krankschreibung*=1.5 elternzeit*=1.5 parental_leave=1.5 bewerbung*=1.2 applicant* personalabteilung*=1.2 hr=1.2 resign* kündigung*=0.8
			working_hours arbeitszeit* overtime überstunden`),
	}}
}

// DefaultPriorities judges urgency, with the names of the desk's priorities. Its default label is "3 normal".
func DefaultPriorities() Model {
	return Model{Name: PrioritiesModel, Default: "3 normal", Labels: []Label{
		label("5 very high", `critical=1.5 kritisch*=1.5 emergency=1.5 notfall*=1.5 outage=1.5 ausfall*=1.5 *ausfall=1.5 production_down=1.5 everyone=0.8 alle_mitarbeiter=1.0
			all_users=1.2 entire_company=1.2 security_incident=1.5 ransomware=2 breach=1.2 datenverlust=1.5 data_loss=1.5 immediately=1.0 sofort*=1.0
			umgehend=0.8 asap=0.6 hacked=1.5 gehackt=1.5 produktion_steht=1.5 nothing_works=1.2 nichts_geht_mehr=1.5`),
		label("4 high", `urgent*=1.5 dringend*=1.5 important=1.0 wichtig*=1.0 blocked=1.0 blockiert=1.0 blocking=1.0 deadline*=1.2 frist*=1.0 today=0.6 heute=0.5
			cannot_work=1.5 can_not_work=1.5 unable_to_work=1.5 nicht_arbeiten=1.5 customer_waiting=1.2 kunde_wartet=1.2 asap=1.2 eilt=1.5 eilig=1.5
			high_priority=1.5 hohe_priorität=1.5 management=0.6 geschäftsführung=0.8 meeting=0.4 schnell*=0.6`),
		label("3 normal", `problem*=0.6 issue*=0.5 error*=0.5 fehler*=0.5 not_working=0.8 doesn_t_work=0.8 funktioniert_nicht=0.8 geht_nicht=0.8 broken=0.6 kaputt=0.6
			defekt*=0.6 request=0.5 bitte=0.3 please=0.3 help=0.4 hilfe=0.4 forgot*=0.6 vergessen=0.6 slow=0.5 langsam=0.5`),
		label("2 low", `question*=1.0 frage*=1.0 how_do_i=1.0 how_to=0.8 wie_kann_ich=1.0 whenever=1.2 no_rush=2 no_hurry=2 not_urgent=3 nicht_dringend=3 eilt_nicht=3
			keine_eile=2 bei_gelegenheit=2 suggestion*=1.2 vorschlag*=1.2 feedback=1.0 wish=0.8 wunsch=0.8 information*=0.6 nice_to_have=1.5
			when_you_have_time=1.5 wenn_zeit_ist=1.5 next_month=0.8 nächsten_monat=0.8`),
	}}
}

// label reads "word=weight" pairs; an underscore joins the words of a phrase, a missing weight is 1.
func label(name, words string) Label {
	l := Label{Name: name, Words: map[string]float64{}}
	for _, item := range strings.Fields(words) {
		text, weight := item, 1.0
		if w, number, ok := strings.Cut(item, "="); ok {
			text = w
			weight, _ = strconv.ParseFloat(number, 64) // 0 when it is no number: New refuses that
		}
		if strings.ContainsAny(text, "[]") { // a spelling with alternatives
			if l.Patterns == nil {
				l.Patterns = map[string]float64{}
			}
			l.Patterns[`\b`+text+`\b`] = weight
			continue
		}
		l.Words[strings.ReplaceAll(text, "_", " ")] = weight
	}
	return l
}
