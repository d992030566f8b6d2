package example;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.regions.Regions;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.stepfunctions.AWSStepFunctions;
import com.amazonaws.services.stepfunctions.AWSStepFunctionsClient;
import com.amazonaws.services.stepfunctions.model.SendTaskSuccessRequest;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;

/** Answers the tokens of the messages it gets. */
public class NotificationHandler implements RequestHandler<SQSEvent, Void> {

    private final ObjectMapper mapper = new ObjectMapper();

    // Written for AWS: keys and region in the code, and no endpoint anywhere.
    private final AWSStepFunctions stepFunctions = AWSStepFunctionsClient.builder()
            .withCredentials(new AWSStaticCredentialsProvider(
                    new BasicAWSCredentials("AccessKey", "SecretKey")))
            .withRegion(Regions.US_EAST_1)
            .withClientConfiguration(new ClientConfiguration().withClientExecutionTimeout(120_000))
            .build();

    @Override
    public Void handleRequest(SQSEvent event, Context context) {
        LambdaLogger logger = context.getLogger();
        logger.log("In Handler: Executing " + context.getFunctionName() + ", "
                + context.getFunctionVersion() + "\n");
        for (SQSEvent.SQSMessage message : event.getRecords()) {
            Object token = read(message.getBody(), logger).get("TaskToken");
            if (token != null) {
                stepFunctions.sendTaskSuccess(new SendTaskSuccessRequest()
                        .withTaskToken(token.toString())
                        .withOutput("{\"Output\":\"message\",\"ack\":\"success\",\"from\":\"java\"}"));
            }
        }
        return null;
    }

    private Map<?, ?> read(String body, LambdaLogger logger) {
        try {
            return mapper.readValue(body, Map.class);
        } catch (JsonProcessingException e) {
            logger.log(e.getMessage() + " while processing " + body + "\n");
            return Map.of();
        }
    }
}
