output "machine" {
  value = aws_sfn_state_machine.approval.arn
}

output "questions" {
  value = aws_sqs_queue.questions.url
}

output "letters" {
  value = aws_sqs_queue.letters.url
}

output "rest" {
  value = "${var.endpoint}/_aws/execute-api/${aws_api_gateway_rest_api.rest.id}/${aws_api_gateway_stage.rest.stage_name}/orders"
}

output "http_api" {
  value = "${var.endpoint}/_aws/execute-api/${aws_apigatewayv2_api.http.id}/orders"
}

output "hello" {
  value = aws_lambda_function_url.hello.function_url
}
