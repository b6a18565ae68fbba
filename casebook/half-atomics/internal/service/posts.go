package service

import "strings"

// post is one page of the site.
type post struct {
	slug, title string
	paragraphs  []string
}

// posts are the whole content of the site. The texts only have to be long enough that a page is some work.
var posts = []post{
	{"rain-gauge", "A rain gauge from a coffee tin", fill("Tip the tin, read the mark, write it down & start over.", 18)},
	{"slow-bread", "Bread that takes two days", fill("Flour, water and salt; the rest is <em>waiting</em>.", 14)},
	{"night-train", "By night train to the sea", fill("\"Is this seat taken?\" she asked, and it was not.", 22)},
	{"old-radio", "What was wrong with the old radio", fill("One capacitor, 22 nF, dried out > 30 years ago.", 14)},
}

func fill(sentence string, sentences int) []string {
	paragraph := strings.TrimSpace(strings.Repeat(sentence+" ", sentences))
	return []string{paragraph, paragraph, paragraph}
}

func findPost(slug string) (post, bool) {
	for _, candidate := range posts {
		if candidate.slug == slug {
			return candidate, true
		}
	}
	return post{}, false
}
