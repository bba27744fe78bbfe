// What Quartz really does: one question per line in, one JSON answer per line out.
//
//     zone TAB percent-encoded text TAB after TAB n    -> {"runs": [86400, ...]} or {"error": "..."}
//
// `Ask --version` prints the version of Quartz and of Java's time zones.
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.zone.ZoneRulesProvider;
import java.util.Date;
import java.util.StringJoiner;
import java.util.TimeZone;
import org.quartz.CronExpression;

public class Ask {
    static String says(String key, Exception error) {
        String plain = String.valueOf(error.getMessage()).replaceAll("[^ !#-\\[\\]-~]", "?");
        return "{\"" + key + "\": \"" + plain + "\"}";
    }

    static String runs(CronExpression cron, long after, int n) {
        StringJoiner found = new StringJoiner(", ", "{\"runs\": [", "]}");
        Date run = new Date(after * 1000L);
        for (int i = 0; i < n && (run = cron.getNextValidTimeAfter(run)) != null; i++) {
            found.add(Long.toString(run.getTime() / 1000));
        }
        return found.toString();
    }

    static String answer(String[] ask) {
        CronExpression cron;
        try {
            cron = new CronExpression(URLDecoder.decode(ask[1], StandardCharsets.UTF_8));
            cron.setTimeZone(TimeZone.getTimeZone(ZoneId.of(ask[0])));
        } catch (java.text.ParseException | DateTimeException | IllegalArgumentException error) {
            return says("error", error);
        } catch (RuntimeException error) {
            return says("error", new Exception("crashed: " + error));
        }
        try {
            return runs(cron, Long.parseLong(ask[2]), Integer.parseInt(ask[3]));
        } catch (RuntimeException error) {
            return says("broken", error);
        }
    }

    static String version() {
        String path = CronExpression.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        String jar = new File(path).getName();
        String zones = ZoneRulesProvider.getVersions("Europe/Paris").lastKey();
        return jar.substring("quartz-".length(), jar.length() - ".jar".length()) + " " + zones;
    }

    public static void main(String[] args) throws Exception {
        if (args.length > 0) {
            System.out.println(version());
            return;
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; ) {
            System.out.println(answer(line.split("\t")));
        }
    }
}
