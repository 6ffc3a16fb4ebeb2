package cli

// testMails are what "new mail" delivers on the demo account, in turn.
var testMails = []struct{ from, subject, body string }{
	{"Alan Turing <alan@imapop.example>", "On computable numbers", "Alice,\r\n\r\nThe machine now decides every question but one: whether it will stop.\r\n\r\nAlan\r\n"},
	{"Margaret Hamilton <margaret@imapop.example>", "1202", "The alarm is known. Go on with the descent.\r\n\r\nMargaret\r\n"},
	{"Edsger Dijkstra <edsger@imapop.example>", "Re: goto", "I still consider it harmful. The shortest path is attached to this thought.\r\n\r\nEWD\r\n"},
	{"Radia Perlman <radia@imapop.example>", "Algorhyme", "I think that I shall never see\r\nA graph more lovely than a tree.\r\n\r\nRadia\r\n"},
	{"Ken Thompson <ken@imapop.example>", "Trust", "To what extent should one trust a statement that a program is free of Trojan horses?\r\n\r\nken\r\n"},
}
