package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import dev.comet.example.Site;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** People who talk in the chat page, each in a browser of theirs. */
@Timeout(60)
@ExtendWith(Chromium.class)
class ChatTest {
    /** The page's own are random, and up to some seconds. */
    private static final String SHORT_PAUSES = "Math.random = () => 0.01";

    @Test
    void two_hearEachOther_inOrder_andSeeWhoIsHere(Site site, BrowserContext one, BrowserContext other) {
        Complaints complaints = new Complaints(one);
        Chatter ann = new Chatter(one, site, "native", "Ann");
        Chatter bob = new Chatter(other, site, "native", "Bob");
        ann.awaitMembers("Ann", "Bob");
        bob.awaitMembers("Ann", "Bob");

        List<String> said = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            said.add(ann.say("this is " + i));
            bob.awaitHeard(said);
            said.add(bob.say("<b>that</b> is " + i));
            ann.awaitHeard(said);
        }
        bob.leave();

        ann.awaitMembers("Ann");
        ann.await("document.querySelector('#log').textContent.includes('Bob has left')");
        assertThat(complaints.all()).isEmpty();
    }

    @Test
    void whoComesLater_seesWhatWasSaid(Site site, BrowserContext one, BrowserContext other) {
        Chatter ann = new Chatter(one, site, "native", "Ann");
        List<String> said = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            said.add(ann.say("this is " + i));
        }
        ann.awaitHeard(said);

        Chatter bob = new Chatter(other, site, "native", "Bob");

        bob.awaitHeard(said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"icomet", "simple-comet", "stardust", "ccomet"})
    void olderProtocol_isInTheSameRoom(String dialect, Site site, BrowserContext one, BrowserContext other) {
        Complaints complaints = new Complaints(one);
        Chatter ann = new Chatter(one, site, "native", "Ann");
        List<String> said = new ArrayList<>();
        said.add(ann.say("before the switch"));
        ann.awaitHeard(said);
        Chatter bob = new Chatter(other, site, "native", "Bob");

        ann.switchTo(dialect);
        ann.awaitHeard(said);
        for (int i = 1; i <= 3; i++) {
            said.add(ann.say("this is " + i));
            bob.awaitHeard(said);
            said.add(bob.say("that is " + i));
            ann.awaitHeard(said);
        }

        ann.awaitMembers("Ann", "Bob");
        assertThat(complaints.all()).isEmpty();
    }

    @Test
    void brokenConnection_isSeen_andLosesNothing(Site site, BrowserContext one, BrowserContext other) {
        one.addInitScript(SHORT_PAUSES);
        other.addInitScript(SHORT_PAUSES);
        Chatter ann = new Chatter(one, site, "native", "Ann");
        Chatter bob = new Chatter(other, site, "native", "Bob");
        List<String> said = new ArrayList<>();
        said.add(bob.say("one"));
        ann.awaitHeard(said);

        site.wire().refuse();
        ann.awaitState("waiting");
        site.comet().publish("demo_chat_lobby", "two");
        site.wire().accept();

        said.add("somebody: two");
        ann.awaitState("open");
        ann.awaitHeard(said);
        bob.awaitHeard(said);
        said.add(bob.say("three"));
        ann.awaitHeard(said);
    }

    @Test
    void restart_isSaid_andTheTalkGoesOn(Site site, BrowserContext one, BrowserContext other) throws Exception {
        Chatter ann = new Chatter(one, site, "native", "Ann");
        Chatter bob = new Chatter(other, site, "native", "Bob");
        List<String> said = new ArrayList<>();
        said.add(bob.say("one"));
        ann.awaitHeard(said);

        site.restart();
        ann.await("document.querySelector('#log').textContent.includes('The server has started anew')");
        bob.await("document.querySelector('#log').textContent.includes('The server has started anew')");
        said.add(bob.say("two"));
        ann.awaitHeard(said);
        said.add(ann.say("three"));

        bob.awaitHeard(said);
    }
}
