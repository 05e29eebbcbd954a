# Driver for PSAI: New-OAIRun, polled. Needs pwsh; the module is saved by --install.
$ErrorActionPreference = 'Stop'
Import-Module PSAI

function Say($Document) {
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $Document -Depth 20 -Compress))
    [Console]::Out.Flush()
}

function Invoke-Poll($Task, $Report) {
    $env:OpenAIKey = $Task.key
    # The address is a variable of the module's own.
    & (Get-Module PSAI) { param($Url) $script:baseUrl = $Url } $Task.base_url
    $thread = New-OAIThread -Messages @(@{ role = 'user'; content = $Task.text })
    $run = New-OAIRun -ThreadId $thread.id -AssistantId $Task.assistant_id
    $deadline = (Get-Date).AddSeconds($Task.timeout)
    while ($run.status -in 'queued', 'in_progress', 'cancelling') {
        if ((Get-Date) -gt $deadline) { throw "the run is still $($run.status)" }
        Start-Sleep -Milliseconds 50
        $run = Get-OAIRunItem -ThreadId $thread.id -RunId $run.id
    }
    $Report.status = [string]$run.status
    $Report.last_error = $run.last_error
    $Report.incomplete = $run.incomplete_details.reason
    foreach ($each in @($run.required_action.submit_tool_outputs.tool_calls | Where-Object { $_ })) {
        $Report.calls += @{ id = $each.id; name = $each.function.name; arguments = $each.function.arguments }
    }
    foreach ($message in (Get-OAIMessage -ThreadId $thread.id -Order asc).data) {
        if ($message.role -ne 'assistant') { continue }
        foreach ($part in $message.content) {
            if ($part.type -eq 'text') { $Report.text += $part.text.value }
            if ($part.type -eq 'refusal') { $Report.refusal += $part.refusal }
        }
    }
}

Say @{ hello = @{ client = 'psai'; version = [string](Get-Module PSAI).Version; uses = @('poll') } }
while ($null -ne ($line = [Console]::In.ReadLine())) {
    $task = ConvertFrom-Json $line -AsHashtable
    $report = @{
        status = $null; text = ''; refusal = ''; calls = @(); events = 0; last_error = $null; incomplete = $null
    }
    try {
        if ($task.use -ne 'poll') { $report = @{ outcome = 'unsupported' } }
        else { Invoke-Poll $task $report; $report.outcome = 'ended' }
    }
    catch {
        [Console]::Error.WriteLine($_)
        $status = $_.Exception.Response.StatusCode
        $report.outcome = 'error'
        $report.error = @{
            class = $_.Exception.GetType().Name; message = [string]$_; code = $null; param = $null
            status = if ($status) { [int]$status } else { $null }
        }
    }
    $report.task = $task.task
    Say $report
}
