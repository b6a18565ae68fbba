package service

import (
	"fmt"
	"strings"
)

// DefaultArchive is how many older posts a grown site keeps in memory: about 50 MB. Without them nearly nothing would
// be alive, and Go would collect garbage 700 times a second under the drive, as no real service does.
const DefaultArchive = 20_000

// post is one page of the site.
type post struct {
	slug, title string
	paragraphs  []string
}

// newest are the posts that the index shows. The texts only have to be long enough that a page is some work.
var newest = []post{
	{"rain-gauge", "A rain gauge from a coffee tin", fill("Tip the tin, read the mark, write it down & start over.", 18)},
	{"slow-bread", "Bread that takes two days", fill("Flour, water and salt; the rest is <em>waiting</em>.", 14)},
	{"night-train", "By night train to the sea", fill("\"Is this seat taken?\" she asked, and it was not.", 22)},
	{"old-radio", "What was wrong with the old radio", fill("One capacitor, 22 nF, dried out > 30 years ago.", 14)},
}

func fill(sentence string, sentences int) []string {
	var paragraphs []string
	for range 3 {
		paragraphs = append(paragraphs, strings.TrimSpace(strings.Repeat(sentence+" ", sentences)))
	}
	return paragraphs
}

// archive makes older posts, each with a text of its own.
func archive(count int) map[string]post {
	posts := make(map[string]post, count+len(newest))
	for number := range count {
		sentence := fmt.Sprintf("Day %d of the log: wind from the west, all well.", number)
		slug := fmt.Sprintf("log-%d", number)
		posts[slug] = post{slug, fmt.Sprintf("Log, day %d", number), fill(sentence, 17)}
	}
	for _, p := range newest {
		posts[p.slug] = p
	}
	return posts
}
